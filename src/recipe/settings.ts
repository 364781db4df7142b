/** `parameters` blocks: which keys may stand in them, and where a misplaced one belongs. */

import {
  adviseKnown,
  findParameter,
  joinPath,
  type ParseContext,
  parameterHome,
  placeOf,
  RECIPE_KEYS,
  refuseKey,
} from "./context.ts";
import type { MethodSchema, ParameterSpec } from "./method-schema.ts";
import type { Setting, Settings } from "./recipe.ts";
import { parseSetting } from "./setting.ts";
import { describeNode, isNull, type SourceEntry, type SourceNode } from "./source.ts";

/** Whose parameters a block holds. */
export interface SettingsOwner {
  readonly level: "model" | "global";
  /** ` for model sft`, or nothing: what follows a parameter's name in messages. */
  readonly suffix: string;
  readonly path: string;
}

/** Reads a `parameters` block; what is wrong in it becomes problems. */
export function parseSettings(
  context: ParseContext,
  node: SourceNode | undefined,
  owner: SettingsOwner,
): Settings {
  if (node === undefined || isNull(node)) return {};
  if (node.kind !== "map") {
    const message = `Expected a mapping of parameters${owner.suffix}, but received ${describeNode(node)}`;
    context.problems.invalid(message, placeOf(node, owner.path));
    return {};
  }
  if (context.method === null) return {};
  const settings: [string, Setting][] = [];
  for (const [key, entry] of node.entries) {
    const spec = usableParameter(context, context.method, key, entry, owner);
    if (spec === undefined) continue;
    const target = { spec, suffix: owner.suffix, path: joinPath(owner.path, key) };
    const setting = parseSetting(context, entry.value, target);
    // A refused setting still counts as given, or it would also be reported as missing.
    settings.push([key, setting ?? []]);
  }
  return Object.fromEntries(settings);
}

/** The parameter that a key sets; undefined when the key is refused or has no effect. */
function usableParameter(
  context: ParseContext,
  method: MethodSchema,
  key: string,
  entry: SourceEntry,
  owner: SettingsOwner,
): ParameterSpec | undefined {
  const place = placeOf(entry, joinPath(owner.path, key));
  const known = method.parameters.filter(({ level }) => level === "model" || owner.level === "global");
  const spec = known.find(({ name }) => name === key);
  if (spec === undefined) {
    refuseParameter(context, method, key, { owner, known: known.map(({ name }) => name), entry });
    return undefined;
  }
  if (spec.type !== "ignored") return spec;
  context.notes.push(`${key} has no effect on the result and is ignored (${context.problems.locate(place)})`);
  return undefined;
}

function refuseParameter(
  context: ParseContext,
  method: MethodSchema,
  key: string,
  { owner, known, entry }: { owner: SettingsOwner; known: readonly string[]; entry: SourceEntry },
): void {
  const place = placeOf(entry, joinPath(owner.path, key));
  const spec = findParameter(context, key);
  if (spec !== undefined && !method.parameters.includes(spec)) {
    const message = `Expected a parameter of ${method.name}, but received ${key}, which it does not have`;
    context.problems.invalid(`${message}; ${adviseKnown("", known)}`, place);
    return;
  }
  const belongs = () => {
    if (spec !== undefined) return parameterHome(spec);
    return RECIPE_KEYS.includes(key) ? "at the top of the recipe" : undefined;
  };
  refuseKey(context, key, place, { what: `parameter of ${method.name}${owner.suffix}`, known, belongs });
}
