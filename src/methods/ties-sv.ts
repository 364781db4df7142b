/**
 * TIES with a slack variable (Tao et al., 2024, section 6.2): of the priority model's parameters that lost
 * the election, the nearest losers are given back.
 */
import type { Method } from "./method.ts";
import { tiesArithmetic, tiesParameters } from "./ties.ts";

/** 4 %, the paper's choice: the rise of discarded over retained along its continual pre-training (Figure 4). */
const PAPER_SLACK = 0.04;

export const tiesSv: Method = {
  name: "ties_sv",
  base: "required",
  minModels: 1,
  parameters: [
    ...tiesParameters,
    { name: "priority", type: "model", level: "global", required: true, perTensor: false },
    { name: "slack", type: "number", level: "global", min: 0, max: 1, default: PAPER_SLACK, perTensor: true },
    {
      name: "slack_of",
      type: "choice",
      level: "global",
      choices: ["retained", "discarded"],
      default: "retained",
      perTensor: false,
    },
  ],
  arithmetic: (values) => ({
    ...tiesArithmetic(values),
    slack: { share: values.number("slack"), of: values.choice("slack_of") as "retained" | "discarded" },
  }),
};
