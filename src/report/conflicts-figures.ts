/** Figures of conflicts: along a training, by kind of module, by layer. */
import type { ModelFigures } from "../conflicts/figures.ts";
import type { ConflictsReport, SeriesFigures } from "../conflicts/report-data.ts";
import type { Datum, Figure } from "./document.ts";
import { largest, rampScale } from "./ramp.ts";
import { LIGHT, PERCENT_AXIS } from "./theme.ts";

/** Bars of both outcomes on one another. */
const STACKED_SHARE = {
  field: "share",
  type: "quantitative",
  title: "share of retained",
  stack: true,
  axis: PERCENT_AXIS,
} as const;

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
        y: STACKED_SHARE,
        color: outcomeColour(analysed),
        order: { field: "outcome", sort: "descending" },
      },
    }),
  };
}

/** Conflicts of the analysed model by kind of module, and who wins them. */
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
        x: STACKED_SHARE,
        color: outcomeColour(analysed),
        order: { field: "outcome", sort: "descending" },
      },
    }),
  };
}

/** Discarded / retained of the analysed model by layer and kind. */
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
