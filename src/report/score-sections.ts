/** Sections of an evaluation's scores: bars with intervals, and tables laid out like the paper's. */
import type { EvaluationResults } from "../evaluate/results.ts";
import { type ScoreTable, scoreTables } from "../evaluate/score-tables.ts";
import { type Figure, type ReportSection, type ReportTable, right } from "./document.ts";
import { intervalBars } from "./interval-bars.ts";

/** A table of scores as a report shows it. */
export function reportTableOf({ title, columns, rows }: ScoreTable, label = "model"): ReportTable {
  return {
    title,
    columns: [{ title: label }, ...columns.map(right)],
    rows: rows.map(({ model, cells }) => [model, ...cells]),
  };
}

/** `prefix` keeps the names of figures apart where a page holds several evaluations. */
export function scoreSections(results: EvaluationResults, prefix = "scores"): ReportSection[] {
  const languages = [...new Map(results.tasks.map((task) => [task.language, task.languageName]))];
  const tables = scoreTables(results);
  const byLanguage = languages.map(([code, name], i): ReportSection => {
    const table = tables[tables.length - languages.length + i] as ScoreTable;
    const title = languages.length === 1 ? "Scores" : `Scores: ${name}`;
    return { title, figures: [taskBars(results, code, name, prefix)], tables: [reportTableOf(table)] };
  });
  const average: ReportSection = {
    title: "Average",
    figures: [averageBars(results, prefix)],
    tables: languages.length < 2 ? [] : [reportTableOf(tables[0] as ScoreTable)],
  };
  return results.tasks.length === 1 ? byLanguage : [average, ...byLanguage];
}

/** Means over tasks, one bar a language. */
function averageBars({ averages, tasks }: EvaluationResults, prefix: string): Figure {
  const names = new Map(tasks.map(({ language, languageName }) => [language, languageName]));
  const bars = averages.flatMap(({ model, language, value, low, high }) =>
    language === null ? [] : { model, group: names.get(language) ?? language, score: value, low, high },
  );
  return intervalBars(
    {
      name: `${prefix}-average`,
      title: "Average over the tasks",
      caption: "Each task with the same weight, as in the paper's Table 3; lines are 95 % intervals.",
    },
    bars,
  );
}

/** The tasks of one language. */
function taskBars(
  { scores, tasks }: EvaluationResults,
  code: string,
  language: string,
  prefix: string,
): Figure {
  const columns = new Map(tasks.map(({ task, column }) => [task, column]));
  const bars = scores
    .filter((score) => score.language === code)
    .map(({ model, task, value, low, high }) => {
      return { model, group: columns.get(task) ?? task, score: value, low, high };
    });
  const rows = [...new Set(tasks.filter((task) => task.language === code).map((task) => task.rows))];
  return intervalBars(
    {
      name: `${prefix}-${code.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`,
      title: `Tasks in ${language}`,
      caption: `Share of right answers with 95 % intervals (${rows.join(", ")} rows a task).`,
    },
    bars,
  );
}
