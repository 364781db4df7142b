/** Figures of the task vectors themselves: how large their elements are, and how they lie to each other. */
import type { ConflictsReport } from "../conflicts/report-data.ts";
import type { Figure } from "./document.ts";
import { percent } from "./numbers.ts";
import { MODEL_COLOURS, PERCENT_AXIS } from "./theme.ts";

/** Magnitudes of every task vector before trim. */
export function histogram({ histograms }: ConflictsReport): Figure {
  const models = histograms.map(({ model }) => model);
  const data = histograms.flatMap(({ model, counted, bins }) =>
    bins.map(({ exponent, count }) => ({
      model,
      exponent,
      count,
      share: counted === 0 ? null : count / counted,
    })),
  );
  const zeros = histograms.map(
    ({ model, zero, counted }) => `${percent(counted === 0 ? null : zero / counted)} of ${model}`,
  );
  return {
    name: "magnitudes",
    title: "Magnitudes of the task vectors",
    caption: `Parameters by |τ| before trim, in powers of two: at e those with 2^e ≤ |τ| < 2^(e + 1). Zero: ${zeros.join(", ")}.`,
    data,
    spec: () => ({
      height: 220,
      mark: { type: "line", strokeWidth: 2, point: { size: 20, filled: true } },
      encoding: {
        x: { field: "exponent", type: "quantitative", title: "log₂ |τ|", scale: { zero: false } },
        y: { field: "share", type: "quantitative", title: "share of parameters", axis: PERCENT_AXIS },
        color: {
          ...{ field: "model", type: "nominal", title: null },
          scale: { domain: models, range: models.map((_, i) => MODEL_COLOURS[i % MODEL_COLOURS.length]) },
        },
      },
    }),
  };
}

/** Cosines of every two task vectors, before and after trim. */
export function agreement({ models, pairs }: ConflictsReport): Figure {
  const names = models.map(({ model }) => model);
  const data = pairs.flatMap(({ models: [a, b], before, after }) => [
    { row: a, column: b, when: "before trim", cosine: before.cosine, signs: before.signAgreement },
    { row: b, column: a, when: "after trim", cosine: after.cosine, signs: after.signAgreement },
  ]);
  const cell = { field: "cosine", type: "quantitative" };
  return {
    name: "agreement",
    title: "Agreement of the task vectors",
    caption: "Cosines of every two task vectors: above the diagonal before trim, below it after trim.",
    data,
    spec: () => ({
      height: { step: 44 },
      encoding: {
        x: {
          field: "column",
          type: "nominal",
          sort: names,
          scale: { domain: names },
          title: null,
          axis: { labelAngle: 0, orient: "top" },
        },
        y: { field: "row", type: "nominal", sort: names, scale: { domain: names }, title: null },
      },
      layer: [
        {
          mark: { type: "rect" },
          encoding: {
            color: {
              ...cell,
              title: null,
              legend: null,
              scale: { domain: [-1, 0, 1], range: ["#d0743c", "#f0f1f3", "#3f86c6"], interpolate: "rgb" },
            },
          },
        },
        {
          mark: { type: "text", fontSize: 13 },
          encoding: { text: { ...cell, format: "+.3f" }, color: { value: "#101418" } },
        },
      ],
    }),
  };
}
