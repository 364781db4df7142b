/** Source tree → Recipe. Reads every part before it throws, so that all problems are told at once. */

import { FLOAT_DTYPES, type FloatDtype, floatDtypeFromTorch, TORCH_NAMES } from "../dtypes.ts";
import {
  adviseKnown,
  checkKeys,
  findParameter,
  optionalValue,
  type ParseContext,
  parameterHome,
  placeOf,
  RECIPE_KEYS,
} from "./context.ts";
import { checkPriority, checkRequired, dropListedBase } from "./cross-checks.ts";
import type { MethodSchema } from "./method-schema.ts";
import { parseModels } from "./models.ts";
import type { Place, ProblemList } from "./problem-list.ts";
import type { ModelReference, Recipe, RecipeOrigin } from "./recipe.ts";
import { parseReference } from "./reference.ts";
import { parseSettings } from "./settings.ts";
import { describeNode, quote, type SourceMap, type SourceNode } from "./source.ts";
import { MERGEKIT_METHODS, UNSUPPORTED_RECIPE_KEYS } from "./unsupported.ts";

/**
 * The recipe that a source tree tells.
 * @throws TiesmithError `RECIPE_INVALID` or `RECIPE_UNSUPPORTED`, with all problems
 */
export function recipeFromSource(
  root: SourceNode,
  methods: readonly MethodSchema[],
  problems: ProblemList,
  origin: RecipeOrigin,
): Recipe {
  if (root.kind !== "map") {
    const message = `Expected a recipe, a mapping with merge_method and models, but received ${describeNode(root)}`;
    problems.invalid(message, placeOf(root, ""));
    problems.throwIfAny();
    throw new RangeError("unreachable: a problem was added");
  }
  const method = parseMethod(root, methods, problems);
  const context: ParseContext = {
    methods,
    problems,
    method,
    notes: [],
    modelParameters: [],
    misplaced: new Set(),
  };
  checkRecipeKeys(context, root);
  const baseModel = parseBase(context, root);
  const listed = parseModels(context, root);
  const parameters = parseSettings(context, root.entries.get("parameters")?.value, {
    level: "global",
    suffix: "",
    path: "parameters",
  });
  const dtype = parseDtype(context, root, "dtype");
  const outDtype = parseDtype(context, root, "out_dtype");
  const tokenizerSource = parseTokenizerSource(context, root);
  const models = dropListedBase(context, baseModel, listed);
  if (listed !== null) checkRequired(context, models, parameters, placeOf(root, ""));
  const priorityIndex = listed === null ? null : checkPriority(context, models);
  problems.throwIfAny();
  return {
    mergeMethod: method?.name ?? "",
    baseModel,
    models: models.map(({ reference, parameters: own }) => ({ reference, parameters: own })),
    parameters,
    dtype,
    outDtype,
    tokenizerSource,
    priorityIndex,
    notes: context.notes,
    origin,
  };
}

/** The recipe's method; null after adding a problem. */
function parseMethod(
  root: SourceMap,
  methods: readonly MethodSchema[],
  problems: ProblemList,
): MethodSchema | null {
  const node = root.entries.get("merge_method")?.value;
  const place: Place = { line: node?.line ?? root.line, path: "merge_method" };
  const value = node?.kind === "scalar" ? node.value : undefined;
  if (node === undefined || typeof value !== "string") {
    const names = methods.map(({ name }) => name).join(", ");
    const received = node === undefined ? "found none" : `received ${describeNode(node)}`;
    problems.invalid(`Expected merge_method as one of ${names}, but ${received}`, place);
    return null;
  }
  const found = methods.find(({ name }) => name === value);
  if (found === undefined) refuseMethod(methods, value, problems, place);
  return found ?? null;
}

function refuseMethod(
  methods: readonly MethodSchema[],
  value: string,
  problems: ProblemList,
  place: Place,
): void {
  const names = methods.map(({ name }) => name);
  // People write `dare-ties`.
  const spelling = value.toLowerCase().replaceAll("-", "_");
  if (MERGEKIT_METHODS.includes(spelling) && !names.includes(spelling)) {
    const message = `merge_method ${spelling} of mergekit is not supported yet; known are ${names.join(", ")}`;
    problems.unsupported(message, place);
    return;
  }
  const message = `Expected a known merge_method, but received ${quote(value)}; ${adviseKnown(value, names)}`;
  problems.invalid(message, place);
}

function checkRecipeKeys(context: ParseContext, root: SourceMap): void {
  checkKeys(context, root, {
    path: "",
    what: "recipe key",
    known: RECIPE_KEYS,
    unsupported: UNSUPPORTED_RECIPE_KEYS,
    belongs: (key) => {
      const spec = findParameter(context, key);
      if (spec !== undefined) return parameterHome(spec);
      return key === "model" ? "in an entry of models" : undefined;
    },
  });
}

function parseBase(context: ParseContext, root: SourceMap): ModelReference | null {
  const node = optionalValue(root, "base_model");
  if (node !== undefined) {
    const reference = parseReference(context, node, "base_model");
    if (reference !== null && context.method?.base === "ignored") {
      const where = context.problems.locate(placeOf(node, "base_model"));
      context.notes.push(`base_model takes no part in the arithmetic of ${context.method.name} (${where})`);
    }
    return reference;
  }
  if (context.method?.base === "required") {
    const line = root.entries.get("merge_method")?.line ?? root.line;
    const message = `Expected base_model for ${context.method.name}, the ancestor of all models, but found none`;
    context.problems.invalid(message, { line, path: "base_model" });
  }
  return null;
}

function parseDtype(context: ParseContext, root: SourceMap, key: "dtype" | "out_dtype"): FloatDtype | null {
  const node = optionalValue(root, key);
  if (node === undefined) return null;
  const name = node.kind === "scalar" && typeof node.value === "string" ? node.value : "";
  const dtype = floatDtypeFromTorch(name);
  if (dtype !== undefined) return dtype;
  const names = FLOAT_DTYPES.map((known) => TORCH_NAMES[known]).join(", ");
  context.problems.invalid(
    `Expected ${key} as one of ${names}, but received ${describeNode(node)}`,
    placeOf(node, key),
  );
  return null;
}

function parseTokenizerSource(context: ParseContext, root: SourceMap): Recipe["tokenizerSource"] {
  const node = optionalValue(root, "tokenizer_source");
  if (node === undefined) return null;
  const value = node.kind === "scalar" ? node.value : undefined;
  if (value === "base") return "base";
  if (value !== "union") return parseReference(context, node, "tokenizer_source");
  const message =
    "tokenizer_source: union of mergekit is not supported yet; use base, or a model with the same vocabulary";
  context.problems.unsupported(message, placeOf(node, "tokenizer_source"));
  return null;
}
