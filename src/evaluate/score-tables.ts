/** Scores laid out like the paper's Tables 3 and 7-13: what is best in each column, and second. */
import type { EvaluationResults } from "./results.ts";

export interface ScoreCell {
  /** `61.00 ± 2.10`, in percent; a dash where there is no score. */
  readonly text: string;
  /** 1: the best of its column (bold in the paper), 2: the second (underlined); of equal texts all. */
  readonly rank?: 1 | 2 | undefined;
}

export interface ScoreTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly model: string; readonly cells: readonly ScoreCell[] }[];
}

type Value = { readonly value: number; readonly standardError: number } | undefined;

/**
 * One table a language, models × tasks and their average; before them, where there are several languages, models ×
 * languages.
 * @example
 * for (const { title, columns, rows } of scoreTables(results)) console.log(title, columns, rows);
 */
export function scoreTables(results: EvaluationResults): ScoreTable[] {
  const languages = [...new Map(results.tasks.map((task) => [task.language, task.languageName]))];
  const names = results.models.map(({ name }) => name);
  const averageOf = (model: string, language: string | null) =>
    results.averages.find((average) => average.model === model && average.language === language);
  const byLanguage = languages.map(([code, name]) => {
    const tasks = results.tasks.filter(({ language }) => language === code);
    const scoreOf = (model: string, task: string) =>
      results.scores.find((score) => score.model === model && score.task === task && score.language === code);
    const columns = [...tasks.map(({ column }) => column), ...(tasks.length > 1 ? ["Average"] : [])];
    const values = names.map((model): Value[] => [
      ...tasks.map(({ task }) => scoreOf(model, task)),
      ...(tasks.length > 1 ? [averageOf(model, code)] : []),
    ]);
    return scoreTable(name, columns, names, values);
  });
  if (languages.length < 2) return byLanguage;
  const columns = [...languages.map(([, name]) => name), "Average"];
  const values = names.map((model) =>
    [...languages.map(([code]) => code), null].map((code) => averageOf(model, code)),
  );
  return [scoreTable("Average over the tasks of each language", columns, names, values), ...byLanguage];
}

/** One table of shares from 0 to 1, `values` being rows of columns. */
export function scoreTable(
  title: string,
  columns: readonly string[],
  models: readonly string[],
  values: readonly Value[][],
): ScoreTable {
  const shown = values.map((row) =>
    row.map((value) => (value === undefined ? undefined : percent(value.value))),
  );
  const ranks = columns.map((_, i) => {
    const distinct = [...new Set(shown.flatMap((row) => row[i] ?? []))].sort((a, b) => Number(b) - Number(a));
    return (text: string) => (models.length < 2 ? -1 : distinct.indexOf(text)) + 1;
  });
  const rows = models.map((model, m) => ({
    model,
    cells: columns.map((_, i): ScoreCell => {
      const value = values[m]?.[i];
      const text = shown[m]?.[i];
      if (value === undefined || text === undefined) return { text: "–" };
      const rank = ranks[i]?.(text);
      return {
        text: `${text} ± ${percent(value.standardError)}`,
        rank: rank === 1 || rank === 2 ? rank : undefined,
      };
    }),
  }));
  return { title, columns, rows };
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
