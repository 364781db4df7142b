/**
 * TIES (Yadav et al., 2023): trim, elect signs, disjoint merge. Defaults are mergekit's; where tools that
 * say "TIES" differ, there is a switch.
 */
import type {
  Method,
  ParameterSpec,
  ParameterValues,
  Scope,
  TiesArithmetic,
  ZeroSignRule,
} from "./method.ts";
import { density, ignored, lambda, normalize, weight } from "./parameters.ts";

/** The parameters of the whole TIES family. */
export const tiesParameters: readonly ParameterSpec[] = [
  weight,
  density,
  normalize(true),
  lambda,
  { name: "rescale", type: "boolean", level: "global", default: false, perTensor: true },
  {
    name: "scope",
    type: "choice",
    level: "global",
    choices: ["tensor", "model"],
    default: "tensor",
    perTensor: false,
  },
  {
    name: "zero_sign",
    type: "choice",
    level: "global",
    choices: ["plus", "majority", "priority"],
    default: "plus",
    perTensor: false,
  },
  { name: "election_weights", type: "boolean", level: "global", default: true, perTensor: false },
  ignored("int8_mask"),
];

/** The arithmetic of the family, without slack. */
export function tiesArithmetic(values: ParameterValues): TiesArithmetic {
  return {
    kind: "ties",
    weights: values.numbers("weight"),
    densities: values.numbers("density"),
    lambda: values.number("lambda"),
    normalize: values.boolean("normalize"),
    rescale: values.boolean("rescale"),
    scope: values.choice("scope") as Scope,
    zeroSign: values.choice("zero_sign") as ZeroSignRule,
    electionWeights: values.boolean("election_weights"),
    priority: values.priority,
    slack: null,
  };
}

export const ties: Method = {
  name: "ties",
  base: "required",
  minModels: 1,
  // Plain TIES has use for a priority model only where `zero_sign: priority` asks for its sign.
  parameters: [...tiesParameters, { name: "priority", type: "model", level: "global", perTensor: false }],
  arithmetic: tiesArithmetic,
};
