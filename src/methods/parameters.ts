/** Parameters that several methods share, with mergekit's names and defaults. */
import type { ParameterSpec } from "./method.ts";

/** How much a model counts. Any finite number; negative ones need `normalize: false` to be of use. */
export const weight: ParameterSpec = {
  name: "weight",
  type: "number",
  level: "model",
  required: true,
  perTensor: true,
};

/** The fraction of a task vector that trim keeps. */
export const density: ParameterSpec = {
  name: "density",
  type: "number",
  level: "model",
  min: 0,
  max: 1,
  default: 1,
  perTensor: true,
};

/** The scale of the merged task vector. */
export const lambda: ParameterSpec = {
  name: "lambda",
  type: "number",
  level: "global",
  default: 1,
  perTensor: true,
};

/** Whether the weighted sum is divided by the sum of the weights. */
export function normalize(byDefault: boolean): ParameterSpec {
  return { name: "normalize", type: "boolean", level: "global", default: byDefault, perTensor: true };
}

/** Parameters of mergekit that change nothing in the result here. */
export function ignored(name: string, level: "model" | "global" = "global"): ParameterSpec {
  return { name, type: "ignored", level, perTensor: true };
}
