/** Scores as bars with their intervals: who is better, and how sure that is. */
import type { Figure } from "./document.ts";
import { LIGHT, PERCENT_AXIS, SERIES_COLOURS } from "./theme.ts";

export interface IntervalBar {
  readonly model: string;
  /** A task or a language: one colour each. */
  readonly group: string;
  readonly score: number;
  readonly low: number;
  readonly high: number;
}

const BAR_HEIGHT = 14;

/** One bar for each model and group, models from the top in the order of the data. */
export function intervalBars(
  named: Pick<Figure, "name" | "title" | "caption">,
  bars: readonly IntervalBar[],
): Figure {
  const models = [...new Set(bars.map(({ model }) => model))];
  const groups = [...new Set(bars.map(({ group }) => group))];
  const colour = {
    ...{ field: "group", type: "nominal", title: null },
    scale: { domain: groups, range: groups.map((_, i) => SERIES_COLOURS[i % SERIES_COLOURS.length]) },
  };
  const place = {
    y: {
      ...{ field: "model", type: "nominal", sort: models, title: null },
      scale: { paddingInner: 0.25, paddingOuter: 0.1 },
    },
    ...(groups.length === 1 ? {} : { yOffset: { field: "group", sort: groups } }),
  };
  const x = (field: string, title: string | null) => ({ field, type: "quantitative", title });
  return {
    ...named,
    data: bars.map((bar) => ({ ...bar })),
    spec: (width) => ({
      // With an offset the step is that of one bar.
      height: { step: groups.length === 1 ? 24 : BAR_HEIGHT },
      encoding: place,
      layer: [
        {
          mark: { type: "bar" },
          encoding: {
            x: { ...x("score", "right answers"), axis: PERCENT_AXIS, scale: { zero: true } },
            color: { ...colour, legend: legendOf(groups, width) },
          },
        },
        {
          mark: { type: "rule", color: LIGHT.ink, strokeWidth: 1.5 },
          encoding: { x: x("low", null), x2: { field: "high" } },
        },
      ],
    }),
  };
}

function legendOf(groups: readonly string[], width: number): object | null {
  return groups.length === 1 ? null : { columns: width < 500 ? 2 : 6 };
}
