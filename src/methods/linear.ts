/** Weighted average of the models themselves (WAVG in the paper): sum of w_i theta_i, over the sum of w_i. */
import type { Method } from "./method.ts";
import { normalize, weight } from "./parameters.ts";

export const linear: Method = {
  name: "linear",
  base: "ignored",
  minModels: 1,
  parameters: [weight, normalize(true)],
  arithmetic: (values) => ({
    kind: "linear",
    weights: values.numbers("weight"),
    normalize: values.boolean("normalize"),
  }),
};
