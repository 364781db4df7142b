/** Task arithmetic (Ilharco et al., 2022): theta_base + lambda * sum of w_i tau_i. */
import type { Method } from "./method.ts";
import { ignored, lambda, normalize, weight } from "./parameters.ts";

export const taskArithmetic: Method = {
  name: "task_arithmetic",
  base: "required",
  minModels: 1,
  // mergekit accepts the last three for the whole family; without sparsification they do nothing.
  parameters: [
    weight,
    normalize(false),
    lambda,
    ignored("density", "model"),
    ignored("rescale"),
    ignored("int8_mask"),
  ],
  arithmetic: (values) => ({
    kind: "task",
    weights: values.numbers("weight"),
    lambda: values.number("lambda"),
    normalize: values.boolean("normalize"),
  }),
};
