/** The figures of an analysis: what each shows, its data, and how Vega-Lite draws it. */
import type { ModelFigures } from "../conflicts/figures.ts";
import type { ConflictsReport, DensityGrid, SeriesFigures, SlackCurve } from "../conflicts/report-data.ts";
import type { Datum, Figure } from "./document.ts";
import { percent, three } from "./numbers.ts";
import { LIGHT, MODEL_COLOURS, RAMP } from "./theme.ts";

const PERCENT_AXIS = { format: "~%", tickCount: 5 };

/** The analysed model among the models of a part. */
export function analysedOf(figures: { models: readonly ModelFigures[] }, analysed: string): ModelFigures {
  return figures.models.find(({ model }) => model === analysed) as ModelFigures;
}

/** Figure 4 of the paper: discarded / retained along the training of another model. */
export function discardedLine(series: SeriesFigures, analysed: string): Figure {
  const data = series.points.map(({ checkpoint, x, figures }) => {
    const own = analysedOf(figures, analysed);
    return { checkpoint, x, discarded: own.discarded, retained: own.retained, share: own.discardedShare };
  });
  return {
    name: "discarded-by-checkpoint",
    title: `Discarded ÷ retained of ${analysed} (Figure 4)`,
    caption: `The share of what trim keeps of ${analysed} that the election discards, against the training of ${series.replaced}.`,
    data,
    spec: () => ({
      height: 240,
      mark: {
        type: "line",
        color: LIGHT.lost,
        strokeWidth: 2.5,
        point: { size: 60, color: LIGHT.lost, filled: true },
      },
      encoding: {
        x: {
          field: "x",
          type: "quantitative",
          title: series.xTitle,
          scale: { zero: false, nice: true },
          axis: { tickCount: 6 },
        },
        y: {
          field: "share",
          type: "quantitative",
          title: "discarded ÷ retained",
          axis: PERCENT_AXIS,
          scale: { zero: true },
        },
      },
    }),
  };
}

/** The two outcomes of a conflict, in the paper's colours: cyan where the analysed model is elected, yellow where not. */
function outcomes(analysed: string, of: ModelFigures, where: Datum): Datum[] {
  const share = (count: number) => (of.retained === 0 ? null : count / of.retained);
  return [
    { ...where, outcome: `elects ${analysed}`, parameters: of.conflictsWon, share: share(of.conflictsWon) },
    {
      ...where,
      outcome: `discards ${analysed}`,
      parameters: of.conflictsLost,
      share: share(of.conflictsLost),
    },
  ];
}

function outcomeColour(analysed: string) {
  return {
    field: "outcome",
    type: "nominal",
    title: null,
    scale: { domain: [`elects ${analysed}`, `discards ${analysed}`], range: [LIGHT.won, LIGHT.lost] },
  };
}

/** Figure 3 of the paper: conflicts of the analysed model by who wins them. */
export function conflictBars(series: SeriesFigures, analysed: string): Figure {
  return {
    name: "conflicts-by-checkpoint",
    title: `Sign conflicts of ${analysed} (Figure 3)`,
    caption: `Parameters in conflict as shares of what trim keeps of ${analysed}: those that elect its sign, and those that discard it.`,
    data: series.points.flatMap(({ checkpoint, x, figures }) =>
      outcomes(analysed, analysedOf(figures, analysed), { checkpoint, x }),
    ),
    spec: () => ({
      height: 240,
      mark: { type: "bar" },
      encoding: {
        x: { field: "x", type: "ordinal", title: series.xTitle, axis: { labelAngle: 0 } },
        y: {
          field: "share",
          type: "quantitative",
          title: "share of retained",
          stack: true,
          axis: PERCENT_AXIS,
        },
        color: outcomeColour(analysed),
        order: { field: "outcome", sort: "descending" },
      },
    }),
  };
}

export function conflictsByKind({ kinds, analysed }: ConflictsReport): Figure {
  const order = kinds.map(({ kind }) => kind);
  return {
    name: "conflicts-by-kind",
    title: `Sign conflicts of ${analysed} by kind of module`,
    caption: `Shares of what trim keeps of ${analysed} in each kind: conflicts that elect its sign, and conflicts that discard it.`,
    data: kinds.flatMap((group) => outcomes(analysed, analysedOf(group, analysed), { kind: group.kind })),
    spec: () => ({
      height: { step: 22 },
      mark: { type: "bar" },
      encoding: {
        y: { field: "kind", type: "nominal", sort: order, title: null },
        x: {
          field: "share",
          type: "quantitative",
          title: "share of retained",
          stack: true,
          axis: PERCENT_AXIS,
        },
        color: outcomeColour(analysed),
        order: { field: "outcome", sort: "descending" },
      },
    }),
  };
}

/** Text on a cell of the ramp: light on its dark half, dark on its light half. */
function rampText(field: string, most: number, format: string) {
  return {
    text: { field, type: "quantitative", format },
    color: { condition: { test: `datum.${field} > ${0.55 * most}`, value: "#101418" }, value: "#f6f8fa" },
  };
}

const rampScale = (most: number) => ({ range: RAMP, domain: [0, most === 0 ? 1 : most], interpolate: "rgb" });

function largest(data: readonly { share: number | null }[]): number {
  return Math.max(0, ...data.map(({ share }) => share ?? 0));
}

export function moduleMap({ modules, analysed }: ConflictsReport): Figure {
  const data = modules.map((module) => {
    const own = analysedOf(module, analysed);
    const { retained, discarded, discardedShare: share } = own;
    return {
      layer: module.layer === null ? "–" : String(module.layer),
      kind: module.kind,
      retained,
      discarded,
      share,
    };
  });
  const kinds = [...new Set(modules.map(({ kind }) => kind))];
  const layers = [...new Set(data.map(({ layer }) => layer))];
  const most = largest(data);
  return {
    name: "discarded-by-module",
    title: `Discarded ÷ retained of ${analysed} by layer and kind`,
    caption: "Where the election takes most. Embedding, head and final norm are in no layer.",
    data,
    spec: (width) => ({
      height: { step: layers.length > 40 ? 10 : 16 },
      mark: { type: "rect" },
      encoding: {
        x: {
          ...{ field: "kind", type: "nominal", sort: kinds, title: null },
          axis: { labelAngle: width < 500 ? -60 : 0, orient: "bottom" },
        },
        y: {
          ...{ field: "layer", type: "ordinal", sort: layers, title: "layer" },
          axis: { labelOverlap: true },
        },
        color: {
          ...{ field: "share", type: "quantitative", title: "discarded ÷ retained" },
          scale: rampScale(most),
          legend: { format: ".1%", gradientLength: Math.min(300, width - 60), tickCount: 4 },
        },
      },
    }),
  };
}

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

export function slackFigure(curve: SlackCurve, analysed: string): Figure {
  const { points, knee, of } = curve;
  const bend =
    knee === null
      ? ""
      : ` The knee is at ${percent(knee.slack)}, where differences up to ${three(knee.largestForgiven)} are forgiven.`;
  const line = {
    mark: { type: "line", color: LIGHT.first, strokeWidth: 2.5 },
    encoding: {
      x: { field: "slack", type: "quantitative", title: `slack (share of ${of})`, axis: PERCENT_AXIS },
      y: { field: "largestForgiven", type: "quantitative", title: "largest difference forgiven" },
    },
  };
  const mark = {
    data: { values: knee === null ? [] : [{ ...knee }] },
    mark: { type: "point", color: LIGHT.second, filled: true, size: 110, opacity: 1 },
    encoding: {
      x: { field: "slack", type: "quantitative" },
      y: { field: "largestForgiven", type: "quantitative" },
    },
  };
  return {
    name: "slack-curve",
    title: `What slack forgives ${analysed}`,
    caption: `Slack gives back the nearest losers first; the curve shows how far apart the votes are of the last one that it reaches.${bend}`,
    data: points.map((point) => ({ ...point })),
    spec: () => ({ height: 240, layer: [line, mark] }),
  };
}

export function gridFigure(grid: DensityGrid, analysed: string, modelNames: readonly string[]): Figure {
  const [first = "", second] = grid.varied;
  const data = grid.cells.map((cell) => {
    const own = analysedOf(cell as never, analysed);
    // Names of models may be anything, which Vega does not take as names of fields.
    const densityOf = (model: string) => cell.densities[modelNames.indexOf(model)] ?? null;
    const densities = {
      ...{ first, firstDensity: densityOf(first) },
      ...(second === undefined ? {} : { second, secondDensity: densityOf(second) }),
    };
    return { ...densities, retained: own.retained, discarded: own.discarded, share: own.discardedShare };
  });
  const most = largest(data);
  const axis = (field: string, model: string) => ({ field, type: "ordinal", title: `density of ${model}` });
  return {
    name: "discarded-by-density",
    title: `Discarded ÷ retained of ${analysed} by density`,
    caption: "The same count for every density that was asked for, from one reading of the models.",
    data,
    spec: (width) => ({
      height: { step: 30 },
      encoding: {
        y: { ...axis("firstDensity", first), sort: "descending" },
        ...(second === undefined ? {} : { x: { ...axis("secondDensity", second), axis: { labelAngle: 0 } } }),
      },
      layer: [
        {
          mark: { type: "rect" },
          encoding: { color: { field: "share", type: "quantitative", scale: rampScale(most), legend: null } },
        },
        { mark: { type: "text", fontSize: width < 500 ? 10 : 13 }, encoding: rampText("share", most, ".1%") },
      ],
    }),
  };
}
