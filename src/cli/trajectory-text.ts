/** A trajectory as a table: a line a checkpoint, a column a curve. */
import type { TrajectoryPoint, TrajectoryResults } from "../index.ts";
import { formatDuration } from "./quantities.ts";
import { sparkline } from "./sparkline.ts";
import { formatTable } from "./table.ts";

/** Averages of each language, the conflicts beside them, and what merging took. */
export function formatTrajectory(results: TrajectoryResults): string {
  const languages = [...new Map(results.tasks.map((task) => [task.language, task.languageName]))];
  const all: [string | null, string][] =
    languages.length === 1 ? languages : [...languages, [null, "All languages"]];
  const tables = all.map(([code, name]) => `${name}, average over the tasks\n${tableOf(results, code)}`);
  const { seconds, mergeSeconds } = results;
  const share = ((100 * mergeSeconds) / seconds).toFixed(1);
  const time = `${formatDuration(seconds)}, of which merging ${formatDuration(mergeSeconds)} (${share}%)`;
  return [...tables, ...sparks(results), time].join("\n\n");
}

function tableOf(
  { curves, xTitle, conflicts, replaced }: TrajectoryResults,
  language: string | null,
): string {
  const checkpoints = curves[0]?.points ?? [];
  const score = (point: TrajectoryPoint | undefined) => {
    const average = point?.averages.find((own) => own.language === language);
    return average === undefined
      ? "–"
      : `${(100 * average.value).toFixed(2)} ± ${(100 * average.standardError).toFixed(2)}`;
  };
  const rows = checkpoints.map((checkpoint, i) => [
    checkpoint.checkpoint ?? "",
    String(checkpoint.x),
    ...curves.map(({ points }) => score(points[points.length === 1 ? 0 : i])),
    ...discarded(conflicts, i),
  ]);
  const right = (title: string) => ({ title, align: "right" as const });
  const titles = [
    ...[xTitle, ...curves.map(({ name }) => name)],
    ...(conflicts === null ? [] : [`${conflicts.analysed} discarded`]),
  ];
  return formatTable([{ title: `checkpoint of ${replaced}` }, ...titles.map(right)], rows);
}

function discarded(conflicts: TrajectoryResults["conflicts"], index: number): string[] {
  if (conflicts === null) return [];
  const { models } = conflicts.series.points[index]?.figures ?? { models: [] };
  const share = models.find(({ model }) => model === conflicts.analysed)?.discardedShare ?? null;
  return [share === null ? "–" : `${(100 * share).toFixed(2)}%`];
}

function sparks({ curves }: TrajectoryResults): string[] {
  const lines = curves
    .filter(({ points }) => points.length > 1)
    .map(({ name, points }) => {
      const values = points.map(
        ({ averages }) => averages.find(({ language }) => language === null)?.value ?? 0,
      );
      return `${name}  ${sparkline(values)}`;
    });
  return lines.length === 0 ? [] : [lines.join("\n")];
}
