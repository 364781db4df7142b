/** Figures of what other settings would do: slack, and densities. */
import type { DensityGrid, SlackCurve } from "../conflicts/report-data.ts";
import { analysedOf } from "./conflicts-figures.ts";
import type { Figure } from "./document.ts";
import { percent, three } from "./numbers.ts";
import { largest, rampScale, rampText } from "./ramp.ts";
import { LIGHT, PERCENT_AXIS } from "./theme.ts";

/** The largest difference that slack forgives, against slack. */
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

/** Discarded / retained of the analysed model for every density that was tried. */
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
        {
          mark: { type: "text", fontSize: width < 500 ? 10 : 13 },
          encoding: rampText("share", [0, most], ".1%"),
        },
      ],
    }),
  };
}
