/** One parameter's setting: a scalar, a gradient, or values by filter. */

import { checkKeys, joinPath, type ParseContext, placeOf } from "./context.ts";
import type { ParameterSpec } from "./method-schema.ts";
import type { ConditionalValue, Setting } from "./recipe.ts";
import { describeReference, parseReference } from "./reference.ts";
import { describeNode, isNull, type SourceList, type SourceMap, type SourceNode } from "./source.ts";
import { valueFault } from "./value-fault.ts";

/** The parameter being read, and how messages name it: `density` + ` for model sft`. */
export interface SettingTarget {
  readonly spec: ParameterSpec;
  readonly suffix: string;
  readonly path: string;
}

/** Reads a setting; null after adding a problem. */
export function parseSetting(context: ParseContext, node: SourceNode, target: SettingTarget): Setting | null {
  const { spec } = target;
  if (spec.type === "model") return parseModelSetting(context, node, target);
  if (node.kind !== "scalar" && !spec.perTensor) {
    const expected = "as one plain value for all tensors";
    return refuse(context, node, target, expected);
  }
  if (node.kind === "map") return parseConditionals(context, [node], target);
  if (node.kind === "list" && node.items.some((item) => item.kind === "map")) {
    return parseConditionals(context, node.items, target);
  }
  const value = parseValue(context, node, target);
  return value === null ? null : [{ filter: null, value }];
}

/** Adds `Expected NAME … , but received …`. */
function refuse(
  context: ParseContext,
  node: SourceNode,
  { spec, suffix, path }: SettingTarget,
  expected: string,
  advice = "",
): null {
  const message = `Expected ${spec.name} ${expected}${suffix}, but received ${describeNode(node)}${advice}`;
  context.problems.invalid(message, placeOf(node, path));
  return null;
}

function parseModelSetting(context: ParseContext, node: SourceNode, target: SettingTarget): Setting | null {
  const reference = parseReference(context, node, target.path);
  if (reference === null) return null;
  context.modelParameters.push({ spec: target.spec, reference, place: placeOf(node, target.path) });
  return [{ filter: null, value: describeReference(reference) }];
}

function parseConditionals(
  context: ParseContext,
  nodes: readonly SourceNode[],
  target: SettingTarget,
): Setting | null {
  const values: ConditionalValue[] = [];
  for (const [index, node] of nodes.entries()) {
    const path = nodes.length === 1 ? target.path : `${target.path}[${index}]`;
    const conditional = parseConditional(context, node, { ...target, path });
    if (conditional !== null) values.push(conditional);
  }
  if (values.length < nodes.length) return null;
  const unused = nodes[values.findIndex(({ filter }) => filter === null) + 1];
  if (unused !== undefined && unused !== nodes[0]) {
    const where = context.problems.locate(placeOf(unused, target.path));
    const name = `${target.spec.name}${target.suffix}`;
    context.notes.push(`${name}: what follows a value without a filter is never used (${where})`);
  }
  return values;
}

function parseConditional(
  context: ParseContext,
  node: SourceNode,
  target: SettingTarget,
): ConditionalValue | null {
  if (node.kind !== "map") return refuse(context, node, target, "as {filter, value} like its neighbours");
  checkKeys(context, node, {
    path: target.path,
    what: `key of a value with a filter (filter or value, of ${target.spec.name}${target.suffix})`,
    known: ["filter", "value"],
    unsupported: new Map(),
    belongs: () => undefined,
  });
  const filter = parseFilter(context, node, target);
  const valueNode = node.entries.get("value")?.value;
  if (valueNode === undefined) return refuse(context, node, target, "as {filter, value}", " without a value");
  const value = parseValue(context, valueNode, { ...target, path: joinPath(target.path, "value") });
  return value === null || filter === undefined ? null : { filter, value };
}

/** The filter's text; null when it matches every tensor; undefined after adding a problem. */
function parseFilter(
  context: ParseContext,
  map: SourceMap,
  target: SettingTarget,
): string | null | undefined {
  const node = map.entries.get("filter")?.value;
  if (node === undefined || isNull(node)) return null;
  if (node.kind === "scalar" && typeof node.value === "string") {
    return node.value === "*" ? null : node.value;
  }
  const place = { ...target, path: joinPath(target.path, "filter") };
  refuse(context, node, place, "with a filter that is text (a part of a tensor name)");
  return undefined;
}

function parseValue(
  context: ParseContext,
  node: SourceNode,
  target: SettingTarget,
): ConditionalValue["value"] | null {
  if (node.kind === "list" && target.spec.type === "number") return parseGradient(context, node, target);
  // A map or list has no literal: undefined fits no type, and the message tells what stands there.
  const literal = node.kind === "scalar" ? node.value : undefined;
  const fault = valueFault(target.spec, literal);
  if (fault === null) return literal as number | boolean | string;
  return refuse(context, node, target, fault.expected, fault.advice);
}

function parseGradient(
  context: ParseContext,
  list: SourceList,
  target: SettingTarget,
): readonly number[] | null {
  if (list.items.length === 0) return refuse(context, list, target, "with at least one number");
  const numbers: number[] = [];
  for (const [index, item] of list.items.entries()) {
    const place = { ...target, path: `${target.path}[${index}]` };
    const value =
      item.kind === "list"
        ? refuse(context, item, place, "as a flat list of numbers")
        : parseValue(context, item, place);
    if (typeof value === "number") numbers.push(value);
  }
  return numbers.length === list.items.length ? numbers : null;
}
