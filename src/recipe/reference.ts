/** Model references: `path`, `org/name@revision`, or `{path, revision}` for paths that hold `@` or `+`. */

import { posix } from "node:path";
import { checkKeys, joinPath, optionalValue, type ParseContext, placeOf } from "./context.ts";
import type { ModelReference, ReferenceInput } from "./recipe.ts";
import { describeNode, quote, type SourceMap, type SourceNode } from "./source.ts";
import { UNSUPPORTED_REFERENCE_KEYS } from "./unsupported.ts";

/** The reference as a recipe spells it: `location`, or `location@revision`. */
export function describeReference(reference: ModelReference): string {
  return reference.revision === null ? reference.location : `${reference.location}@${reference.revision}`;
}

/** Whether two references name the same model, judged by their text: `./a/` is `a`. */
export function sameReference(a: ModelReference, b: ModelReference): boolean {
  return a.revision === b.revision && normalize(a.location) === normalize(b.location);
}

/** The reference as plain data: the object form only where the text would be read otherwise. */
export function referenceToPlain(
  reference: ModelReference,
  reserved: readonly string[] = [],
): ReferenceInput {
  const { location, revision } = reference;
  const text = describeReference(reference);
  if (!/[@+]/.test(location) && !revision?.includes("+") && !reserved.includes(text)) return text;
  return revision === null ? { path: location } : { path: location, revision };
}

/** Reads a reference; null after adding a problem. */
export function parseReference(context: ParseContext, node: SourceNode, path: string): ModelReference | null {
  if (node.kind === "map") return parseReferenceMap(context, node, path);
  if (node.kind === "scalar" && typeof node.value === "string")
    return parseText(context, node.value, node, path);
  const message = `Expected a model as text (a path or a hub id), but received ${describeNode(node)}`;
  const isNumber = node.kind === "scalar" && typeof node.value === "number";
  context.problems.invalid(isNumber ? `${message}; put it in quotes` : message, placeOf(node, path));
  return null;
}

function parseText(
  context: ParseContext,
  text: string,
  node: SourceNode,
  path: string,
): ModelReference | null {
  const place = placeOf(node, path);
  if (text.includes("+")) {
    const message = `LoRA adapters (+) are not supported yet, but received ${quote(text)}; merge the adapter into its model first, or write {path: ...} for a path that holds +`;
    context.problems.unsupported(message, place);
    return null;
  }
  const [location = "", revision, ...rest] = text.split("@");
  if (rest.length > 0) {
    const message = `Expected at most one @ in a model, but received ${quote(text)}; write {path: ..., revision: ...} for a path that holds @`;
    context.problems.invalid(message, place);
    return null;
  }
  return checked(context, location, revision ?? null, node, path);
}

/** mergekit's long form, `{path, revision}` or `{model: {path, revision}}`. */
function parseReferenceMap(context: ParseContext, map: SourceMap, path: string): ModelReference | null {
  checkKeys(context, map, {
    path,
    what: "key of a model reference",
    known: ["model", "path", "revision"],
    unsupported: UNSUPPORTED_REFERENCE_KEYS,
    belongs: () => undefined,
  });
  const inner = map.entries.get("model");
  if (inner !== undefined && !map.entries.has("path") && !map.entries.has("revision")) {
    return parseReference(context, inner.value, joinPath(path, "model"));
  }
  const location = map.entries.get("path")?.value;
  const revision = optionalValue(map, "revision");
  const isText = (node: SourceNode) => node.kind === "scalar" && typeof node.value === "string";
  if (inner !== undefined || location === undefined || !isText(location) || (revision && !isText(revision))) {
    const message =
      "Expected a model as text, or as {path, revision} with texts, but received another mapping";
    context.problems.invalid(message, placeOf(map, path));
    return null;
  }
  return checked(context, textOf(location), revision === undefined ? null : textOf(revision), location, path);
}

function textOf(node: SourceNode): string {
  return node.kind === "scalar" ? String(node.value) : "";
}

function checked(
  context: ParseContext,
  location: string,
  revision: string | null,
  node: SourceNode,
  path: string,
): ModelReference | null {
  const text = describeReference({ location, revision });
  // Control characters cannot stand in a one-line message, and NUL in no path.
  const isSound = (part: string) => part.trim() !== "" && !/\p{Cc}/u.test(part);
  if (isSound(location) && (revision === null || isSound(revision))) return { location, revision };
  const message = `Expected a model as a path or a hub id, with a revision after @, but received ${quote(text)}`;
  context.problems.invalid(message, placeOf(node, path));
  return null;
}

function normalize(location: string): string {
  return posix.normalize(location).replace(/(?<=.)\/+$/, "");
}
