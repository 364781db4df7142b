/** What every part of the recipe parser shares: the methods, where problems go, and how keys are judged. */

import { nearestName } from "../errors.ts";
import type { MethodSchema, ParameterSpec } from "./method-schema.ts";
import type { Place, ProblemList } from "./problem-list.ts";
import type { ModelReference } from "./recipe.ts";
import { isNull, quote, type SourceEntry, type SourceMap, type SourceNode } from "./source.ts";

/** The keys of a recipe, in the order of its canonical form. */
export const RECIPE_KEYS: readonly string[] = [
  "merge_method",
  "base_model",
  "models",
  "parameters",
  "dtype",
  "out_dtype",
  "tokenizer_source",
];

/** A model reference found in a parameter of type `model`. */
export interface ModelParameter {
  readonly spec: ParameterSpec;
  readonly reference: ModelReference;
  readonly place: Place;
}

/** The state of one parse. */
export interface ParseContext {
  readonly methods: readonly MethodSchema[];
  readonly problems: ProblemList;
  readonly notes: string[];
  /** The recipe's method; null while unknown, when parameters cannot be judged. */
  readonly method: MethodSchema | null;
  readonly modelParameters: ModelParameter[];
  /** Paths of keys that stand in the wrong place, so that they are not reported missing as well. */
  readonly misplaced: Set<string>;
}

/** A map's place in the recipe and the keys that it may hold. */
export interface MapRule {
  readonly path: string;
  /** For messages: `recipe key`, `key of a model`. */
  readonly what: string;
  readonly known: readonly string[];
  readonly unsupported: ReadonlyMap<string, string>;
  /** For a key that belongs elsewhere: where; undefined when the key is not known at all. */
  readonly belongs: (key: string) => string | undefined;
}

/** The path of a key below `path`. */
export function joinPath(path: string, key: string): string {
  const shown = /^[\w-]{1,80}$/.test(key) ? key : quote(key);
  return path === "" ? shown : `${path}.${shown}`;
}

/** The place of a value, for messages. */
export function placeOf(node: SourceNode | SourceEntry, path: string): Place {
  return { line: node.line, path };
}

/** The value under a key; undefined when absent or, as in mergekit's optional keys, null. */
export function optionalValue(map: SourceMap, key: string): SourceNode | undefined {
  const value = map.entries.get(key)?.value;
  return value === undefined || isNull(value) ? undefined : value;
}

/** Adds a problem for every key that a map should not hold. */
export function checkKeys(context: ParseContext, map: SourceMap, rule: MapRule): void {
  for (const [key, entry] of map.entries) {
    if (rule.known.includes(key)) continue;
    const remedy = rule.unsupported.get(key);
    const place = placeOf(entry, joinPath(rule.path, key));
    if (remedy === undefined) refuseKey(context, key, place, rule);
    else if (!isNull(entry.value)) {
      context.problems.unsupported(`${key} of mergekit is not supported yet: ${remedy}`, place);
    }
  }
}

/** Adds a problem for a key that has no meaning where it stands. */
export function refuseKey(
  context: ParseContext,
  key: string,
  place: Place,
  rule: Pick<MapRule, "what" | "known" | "belongs">,
): void {
  const home = rule.belongs(key);
  if (home !== undefined) context.misplaced.add(place.path);
  const advice = home === undefined ? adviseKnown(key, rule.known) : `it belongs ${home}`;
  context.problems.invalid(`Expected a known ${rule.what}, but received ${quote(key)}; ${advice}`, place);
}

/** `did you mean x?`, or all the known names when none is near. */
export function adviseKnown(name: string, known: readonly string[]): string {
  // The edit distance costs the product of the lengths; no name comes near this one.
  const nearest = name.length > 64 ? undefined : nearestName(name, known);
  if (nearest !== undefined) return `did you mean ${nearest}?`;
  return known.length === 0 ? "none is known here" : `known are ${known.join(", ")}`;
}

/** The parameter of that name of the recipe's method or, where it has none, of any method. */
export function findParameter(context: ParseContext, name: string): ParameterSpec | undefined {
  const byName = (method: MethodSchema) => method.parameters.find((spec) => spec.name === name);
  const own = context.method === null ? undefined : byName(context.method);
  return own ?? context.methods.map(byName).find((spec) => spec !== undefined);
}

/** Where a parameter belongs, in words. */
export function parameterHome(spec: ParameterSpec): string {
  return spec.level === "global"
    ? "under the top-level parameters"
    : "under the parameters of a model (or the top-level parameters, for all models)";
}
