/** A trajectory as a document: scores along a training, and the conflicts beside them. */
import { stringify } from "yaml";
import type { TrajectoryPoint, TrajectoryResults } from "../trajectory/results.ts";
import { analysedOf, conflictBars, discardedLine } from "./conflicts-figures.ts";
import { type Cell, type ReportDocument, type ReportSection, type ReportTable, right } from "./document.ts";
import { measuring } from "./evaluation-document.ts";
import { percent, signedPoints } from "./numbers.ts";
import { averageOf, trajectoryLines } from "./trajectory-figures.ts";

export function trajectoryDocument(results: TrajectoryResults): ReportDocument {
  const { method, replaced, curves, tasks } = results;
  const count = curves[0]?.points.length ?? 0;
  const splits = [...new Set(tasks.map(({ split }) => split))].join(", ");
  return {
    title: `Merging along the training of ${replaced}`,
    lead: [
      `${method} with the same parameters at ${count} checkpoints of ${replaced}, on ${tasks.length} tasks (${splits}).`,
      ...findings(results),
    ],
    sections: [
      ...trajectorySections(results),
      {
        title: "The recipe",
        code: [
          {
            title: `With each checkpoint in the place of ${replaced}`,
            language: "yaml",
            text: stringify(results.recipe),
          },
        ],
      },
      measuring(results),
    ],
  };
}

/** Also part of other reports. */
export function trajectorySections(results: TrajectoryResults): ReportSection[] {
  const languages = [...new Map(results.tasks.map((task) => [task.language, task.languageName]))];
  const all: [string | null, string][] =
    languages.length === 1 ? languages : [[null, "all languages"], ...languages];
  return [
    {
      title: `Along the training of ${results.replaced}: scores`,
      figures: all.map(([code, name]) => trajectoryLines(results, code, name)),
      tables: languages.map(([code, name]) => scoresTable(results, code, name)),
    },
    ...conflictSection(results),
  ];
}

/** What the measured averages say, and no more. */
function findings({ curves }: TrajectoryResults): string[] {
  const [merged, ...others] = curves;
  const points = merged?.points ?? [];
  const last = points.at(-1);
  if (merged === undefined || last === undefined) return [];
  const sentences = others.map(({ name, points: own }) => {
    const better = points.filter((point, i) => {
      const other = own[own.length === 1 ? 0 : i] as TrajectoryPoint;
      return averageOf(point, null).value > averageOf(other, null).value;
    });
    const other = own.at(-1) as TrajectoryPoint;
    const gap = averageOf(last, null).value - averageOf(other, null).value;
    return `The merges score above ${name} at ${better.length} of ${points.length} checkpoints; at the last one the difference is ${signedPoints(gap)} points.`;
  });
  return sentences;
}

function scoresTable(results: TrajectoryResults, code: string, name: string): ReportTable {
  const tasks = results.tasks.filter(({ language }) => language === code);
  const columns = [results.xTitle, ...tasks.map(({ column }) => column), "Average"];
  return {
    title: name,
    columns: [{ title: "model" }, ...columns.map(right)],
    rows: results.curves.flatMap((curve) =>
      curve.points.map((point): Cell[] => [
        point.checkpoint === null ? curve.name : `${curve.name}, ${point.checkpoint}`,
        point.x === null ? "–" : String(point.x),
        ...tasks.map(({ task }) => {
          const score = point.scores.find((own) => own.task === task && own.language === code);
          return percent(score?.value ?? null, 1);
        }),
        percent(averageOf(point, code).value, 1),
      ]),
    ),
  };
}

function conflictSection({ conflicts, replaced }: TrajectoryResults): ReportSection[] {
  if (conflicts === null) return [];
  const { series, analysed } = conflicts;
  const shares = series.points.map(({ figures }) => analysedOf(figures, analysed).discardedShare);
  const ends = `${percent(shares[0] ?? null)} at the first checkpoint, ${percent(shares.at(-1) ?? null)} at the last`;
  return [
    {
      title: `Along the training of ${replaced}: conflicts`,
      paragraphs: [`Of what trim keeps of ${analysed}, the election discards ${ends}.`],
      figures: [discardedLine(series, analysed), conflictBars(series, analysed)],
      tables: [
        {
          columns: [
            { title: "checkpoint" },
            ...[series.xTitle, "retained", "in conflict", "discarded"].map(right),
          ],
          rows: series.points.map(({ checkpoint, x, figures }) => {
            const own = analysedOf(figures, analysed);
            return [
              ...[checkpoint, String(x), own.retained.toLocaleString("en-US")],
              ...[percent(own.conflictShare), percent(own.discardedShare)],
            ];
          }),
        },
      ],
    },
  ];
}
