/** The `models` list: each entry's reference and its own parameters. */

import {
  checkKeys,
  findParameter,
  joinPath,
  optionalValue,
  type ParseContext,
  parameterHome,
  placeOf,
  RECIPE_KEYS,
} from "./context.ts";
import type { PlacedModel } from "./cross-checks.ts";
import { describeReference, parseReference } from "./reference.ts";
import { parseSettings } from "./settings.ts";
import { describeNode, isNull, type SourceMap, type SourceNode } from "./source.ts";
import { UNSUPPORTED_MODEL_KEYS } from "./unsupported.ts";

const MODEL_KEYS = ["model", "parameters"];

/** The listed models; null when there is no list to judge. */
export function parseModels(context: ParseContext, root: SourceMap): readonly PlacedModel[] | null {
  const entry = root.entries.get("models");
  const isOtherForm = ["slices", "modules"].some((key) => optionalValue(root, key) !== undefined);
  if (entry === undefined) {
    // Slices and modules stand in place of models and are refused already.
    if (!isOtherForm)
      context.problems.invalid("Expected a list of models, but found none", placeOf(root, "models"));
    return null;
  }
  const { value } = entry;
  if (value.kind !== "list" || value.items.length === 0) {
    const message = `Expected models as a list with at least one model, but received ${describeNode(value)}`;
    context.problems.invalid(message, placeOf(isNull(value) ? entry : value, "models"));
    return null;
  }
  const models = value.items.map((item, index) => parseModel(context, item, `models[${index}]`));
  // One bad entry would make counts and indexes lie.
  return models.every((model) => model !== null) ? models : null;
}

function parseModel(context: ParseContext, node: SourceNode, path: string): PlacedModel | null {
  if (node.kind !== "map") {
    const message = `Expected a model as a mapping with the key model, but received ${describeNode(node)}`;
    const isText = node.kind === "scalar" && typeof node.value === "string";
    const advice = isText ? `; write {model: ${describeNode(node)}}` : "";
    context.problems.invalid(`${message}${advice}`, placeOf(node, path));
    return null;
  }
  checkKeys(context, node, {
    path,
    what: "key of a model",
    known: MODEL_KEYS,
    unsupported: UNSUPPORTED_MODEL_KEYS,
    belongs: (key) => {
      const spec = findParameter(context, key);
      if (spec !== undefined)
        return spec.level === "model" ? "under this model's parameters" : parameterHome(spec);
      return RECIPE_KEYS.includes(key) ? "at the top of the recipe" : undefined;
    },
  });
  const modelNode = node.entries.get("model")?.value;
  const reference =
    modelNode === undefined ? null : parseReference(context, modelNode, joinPath(path, "model"));
  if (modelNode === undefined) {
    context.problems.invalid("Expected a model with the key model, but found none", placeOf(node, path));
  }
  const label = reference === null ? path : describeReference(reference);
  const parameters = parseSettings(context, node.entries.get("parameters")?.value, {
    level: "model",
    suffix: ` for model ${label}`,
    path: joinPath(path, "parameters"),
  });
  return reference === null ? null : { reference, parameters, place: placeOf(node, path) };
}
