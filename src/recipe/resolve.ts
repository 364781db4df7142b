/** A parameter's value for one tensor: precedence, filters, gradients, as mergekit evaluates them. */

import type { ParameterSpec } from "./method-schema.ts";
import type { ConditionalValue, Recipe, Setting } from "./recipe.ts";

/** A tensor as filters and gradients see it; `position` is t in [0, 1] (see `layerPosition`). */
export interface TensorPosition {
  readonly name: string;
  readonly position: number;
}

/** The word before a layer's number: Llama `layers.3`, GPT-2 `h.3`, MPT `blocks.3`, BERT `layer.3`, T5 `block.3`. */
const LAYER = /(?:^|\.)(?:layers|h|blocks|layer|block)\.(\d+)(?:\.|$)/;

/** The layer that a tensor belongs to, told from its name; null outside the layers. */
export function layerIndex(name: string): number | null {
  const digits = LAYER.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Where a tensor stands in the stack, from 0 (first layer) to 1 (last): layer / (layers - 1).
 * As in mergekit, 0 outside the layers (embeddings, final norm and also `lm_head`) and 1 in a model
 * with a single layer. Layers beyond `layerCount` (a second, deeper stack) count as the last.
 */
export function layerPosition(name: string, layerCount: number): number {
  const index = layerIndex(name);
  if (index === null) return 0;
  return layerCount <= 1 ? 1 : Math.min(1, index / (layerCount - 1));
}

/**
 * The value of a parameter for a tensor: the model's own settings, then the top-level ones, then the
 * default; a level of which no filter matches is passed over. `modelIndex` is an index into
 * `recipe.models`, or null for what is not asked for a model. Undefined when nothing applies, also for
 * a required parameter.
 */
export function resolveParameter(
  recipe: Recipe,
  spec: ParameterSpec,
  modelIndex: number | null,
  tensor: TensorPosition,
): number | boolean | string | undefined {
  const own = spec.level === "model" && modelIndex !== null ? recipe.models[modelIndex] : undefined;
  for (const settings of [own?.parameters, recipe.parameters]) {
    const match = firstMatch(settings?.[spec.name], tensor.name);
    if (match !== undefined) return valueAt(match.value, tensor.position);
  }
  return spec.default;
}

function firstMatch(setting: Setting | undefined, name: string): ConditionalValue | undefined {
  return setting?.find(({ filter }) => filter === null || name.includes(filter));
}

function valueAt(value: ConditionalValue["value"], position: number): number | boolean | string {
  return typeof value === "object" ? interpolate(value, position) : value;
}

/** Linear between the neighbours of position · (length - 1), in binary64 and in mergekit's order. */
function interpolate(gradient: readonly number[], position: number): number {
  const scaled = position * (gradient.length - 1);
  const index = Math.floor(scaled);
  const lower = gradient[index] as number;
  const upper = gradient[Math.min(index + 1, gradient.length - 1)] as number;
  const fraction = scaled - index;
  const value = (1 - fraction) * lower + fraction * upper;
  // Rounding must not carry a density past 1 or a flat gradient off its value.
  return Math.min(Math.max(value, Math.min(lower, upper)), Math.max(lower, upper));
}
