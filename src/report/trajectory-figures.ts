/** Figure 2 of the paper: scores along a training, merged and not. */
import type { TrajectoryCurve, TrajectoryPoint, TrajectoryResults } from "../trajectory/results.ts";
import type { Datum, Figure } from "./document.ts";
import { LIGHT, PERCENT_AXIS, SERIES_COLOURS } from "./theme.ts";

/** Averages over the tasks of a language, or over all languages (null), against the training. */
export function trajectoryLines(
  results: TrajectoryResults,
  language: string | null,
  languageName: string,
): Figure {
  const { curves, replaced, xTitle } = results;
  const names = curves.map(({ name }) => name);
  const code = language === null ? "average" : language.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const steady = curves.filter(({ points }) => points.every(({ x }) => x === null));
  const dashed =
    steady.length === 0 ? "" : ` Dashed: ${steady.map(({ name }) => name).join(", ")}, for all x.`;
  return {
    name: `trajectory-${code}`,
    title: `Scores along the training of ${replaced}: ${languageName} (Figure 2)`,
    caption: `The average over the tasks, each merge with the same parameters; lines are 95 % intervals.${dashed}`,
    data: curves.flatMap((curve) => pointsOf(curve, results, language)),
    spec: (width) => linesOf(names, xTitle, width),
  };
}

/** A model that stands beside all checkpoints is drawn from the first to the last. */
function pointsOf(curve: TrajectoryCurve, { curves }: TrajectoryResults, language: string | null): Datum[] {
  const ends = curves[0]?.points.map(({ x }) => x as number) ?? [];
  return curve.points.flatMap((point) => {
    const { value, low, high } = averageOf(point, language);
    const at = point.x === null ? [ends[0] as number, ends.at(-1) as number] : [point.x];
    const { name } = curve;
    return at.map((x, i) => ({
      ...{ curve: name, checkpoint: point.checkpoint, x, score: value },
      // The interval of a level line is drawn once.
      ...(point.x === null && i === 0 ? { low: null, high: null } : { low, high }),
      level: Number(point.x === null),
    }));
  });
}

/** A point's mean over the tasks of a language, or over all languages. */
export function averageOf({ averages }: TrajectoryPoint, language: string | null) {
  return averages.find((average) => average.language === language) as TrajectoryPoint["averages"][number];
}

function linesOf(names: readonly string[], xTitle: string, width: number): object {
  const x = {
    ...{ field: "x", type: "quantitative", title: xTitle },
    scale: { zero: false, nice: true, padding: 8 },
    axis: { tickCount: 6 },
  };
  const y = { type: "quantitative", axis: PERCENT_AXIS, scale: { zero: true } };
  const colour = {
    ...{ field: "curve", type: "nominal", title: null, legend: { columns: width < 500 ? 2 : 6 } },
    scale: { domain: names, range: names.map((_, i) => SERIES_COLOURS[i % SERIES_COLOURS.length]) },
  };
  const score = { ...y, field: "score", title: "right answers" };
  const line = (level: number, mark: object) => ({
    transform: [{ filter: `datum.level === ${level}` }],
    mark: { type: "line", strokeWidth: 2.5, ...mark },
    encoding: { x, y: score, color: colour },
  });
  return {
    height: 260,
    layer: [
      {
        transform: [{ filter: "datum.low !== null" }],
        mark: { type: "rule", strokeWidth: 1, color: LIGHT.muted },
        encoding: { x, y: { ...y, field: "low", title: "right answers" }, y2: { field: "high" } },
      },
      line(1, { strokeDash: [6, 4] }),
      line(0, { point: { size: 60, filled: true } }),
    ],
  };
}
