/** Method schemas as the recipe layer sees them, independent of the methods that are built in. */

import type { MethodSchema, ParameterSpec } from "../../src/recipe/method-schema.ts";

const weight: ParameterSpec = {
  name: "weight",
  type: "number",
  level: "model",
  required: true,
  perTensor: true,
};
const density: ParameterSpec = {
  name: "density",
  type: "number",
  level: "model",
  min: 0,
  max: 1,
  default: 1,
  perTensor: true,
};
const lambda: ParameterSpec = {
  name: "lambda",
  type: "number",
  level: "global",
  default: 1,
  perTensor: true,
};
const int8Mask: ParameterSpec = { name: "int8_mask", type: "ignored", level: "global", perTensor: false };

function switchSpec(name: string, value: boolean): ParameterSpec {
  return { name, type: "boolean", level: "global", default: value, perTensor: true };
}

function choiceSpec(name: string, choices: readonly string[]): ParameterSpec {
  const [first] = choices;
  return {
    name,
    type: "choice",
    level: "global",
    choices,
    perTensor: false,
    ...(first !== undefined && { default: first }),
  };
}

export const LINEAR: MethodSchema = {
  name: "linear",
  base: "ignored",
  minModels: 1,
  parameters: [weight, switchSpec("normalize", true)],
};

export const TASK_ARITHMETIC: MethodSchema = {
  name: "task_arithmetic",
  base: "required",
  minModels: 1,
  parameters: [weight, switchSpec("normalize", false), lambda, int8Mask],
};

export const TIES: MethodSchema = {
  name: "ties",
  base: "required",
  minModels: 1,
  parameters: [
    weight,
    density,
    switchSpec("normalize", true),
    switchSpec("rescale", false),
    lambda,
    choiceSpec("scope", ["tensor", "model"]),
    choiceSpec("zero_sign", ["plus", "majority", "priority"]),
    switchSpec("election_weights", true),
    int8Mask,
  ],
};

export const TIES_SV: MethodSchema = {
  name: "ties_sv",
  base: "required",
  minModels: 2,
  parameters: [
    ...TIES.parameters,
    { name: "slack", type: "number", level: "global", min: 0, max: 1, default: 0.04, perTensor: true },
    choiceSpec("slack_of", ["retained", "discarded"]),
    { name: "priority", type: "model", level: "global", required: true, perTensor: false },
  ],
};

export const METHODS: readonly MethodSchema[] = [LINEAR, TASK_ARITHMETIC, TIES, TIES_SV];

/** The parameter of a method, which must exist. */
export function specOf(method: MethodSchema, name: string): ParameterSpec {
  const spec = method.parameters.find((candidate) => candidate.name === name);
  if (spec === undefined) throw new Error(`${method.name} has no ${name}`);
  return spec;
}
