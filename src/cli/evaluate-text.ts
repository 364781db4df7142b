/** Scores as tables, laid out like the paper's Tables 3 and 7-13: best bold, second underlined. */
import type { EvaluationResults } from "../index.ts";
import { formatDuration } from "./quantities.ts";
import { coloursOf, printable } from "./terminal.ts";

interface Cell {
  readonly text: string;
  readonly rank?: 1 | 2 | undefined;
}

interface ScoreTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly model: string; readonly cells: readonly Cell[] }[];
}

type Value = { readonly value: number; readonly standardError: number } | undefined;

/** All tables, as text for a terminal or as Markdown, and what else there is to say. */
export function formatEvaluation(results: EvaluationResults, markdown: boolean): string {
  const tables = tablesOf(results).map((table) => (markdown ? markdownTable(table) : terminalTable(table)));
  return [...tables, ...comparisonLines(results), ...unparsableLines(results), speedLine(results)]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** One table a language, models × tasks; where there are several languages, models × languages before them. */
function tablesOf(results: EvaluationResults): ScoreTable[] {
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
    return tableOf(name, columns, names, values);
  });
  if (languages.length < 2) return byLanguage;
  const columns = [...languages.map(([, name]) => name), "Average"];
  const values = names.map((model) =>
    [...languages.map(([code]) => code), null].map((code) => averageOf(model, code)),
  );
  return [tableOf("Average over the tasks of each language", columns, names, values), ...byLanguage];
}

function tableOf(
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
    cells: columns.map((_, i): Cell => {
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

function terminalTable({ title, columns, rows }: ScoreTable): string {
  const colours = coloursOf(process.stdout);
  const styled = ({ text, rank }: Cell, width: number) => {
    const style = rank === 1 ? colours.bold : rank === 2 ? colours.underline : (word: string) => word;
    return " ".repeat(Math.max(0, width - text.length)) + style(text);
  };
  const first = Math.max(...rows.map(({ model }) => printable(model).length), title.length);
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map(({ cells }) => cells[i]?.text.length ?? 0)),
  );
  const head = [
    title.padEnd(first),
    ...columns.map((column, i) => column.padStart(widths[i] as number)),
  ].join("  ");
  const lines = rows.map(({ model, cells }) =>
    [printable(model).padEnd(first), ...cells.map((cell, i) => styled(cell, widths[i] as number))].join("  "),
  );
  return [colours.dim(head), ...lines].join("\n");
}

function markdownTable({ title, columns, rows }: ScoreTable): string {
  const styled = ({ text, rank }: Cell) =>
    rank === 1 ? `**${text}**` : rank === 2 ? `<u>${text}</u>` : text;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line([title, ...columns]),
    line(["---", ...columns.map(() => "---:")]),
    ...rows.map(({ model, cells }) => line([printable(model), ...cells.map(styled)])),
  ].join("\n");
}

function comparisonLines({ comparisons }: EvaluationResults): string[] {
  const lines = comparisons.map(({ first, second, task, language, difference, low, high, pValue }) => {
    const signed = (share: number) => `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
    const interval = `95 % interval ${signed(low)} to ${signed(high)}, p ${pValue < 0.001 ? "< 0.001" : pValue.toFixed(3)}`;
    return `${printable(first)} against ${printable(second)}, ${task} ${language}: ${signed(difference)} points (${interval})`;
  });
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function unparsableLines({ scores }: EvaluationResults): string[] {
  const lines = scores.flatMap(({ model, task, language, unparsable, rows }) => {
    if (unparsable == null || unparsable.count === 0) return [];
    const { count, share, medianFirstByte } = unparsable;
    return [
      `${printable(model)}, ${task} ${language}: ${count} of ${rows} outputs (${percent(share)} %) are no UTF-8, from byte ${medianFirstByte} on (median)`,
    ];
  });
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function speedLine({ scores }: EvaluationResults): string {
  const sum = (of: (score: (typeof scores)[number]) => number) =>
    scores.reduce((total, score) => total + of(score), 0);
  const rows = sum(({ rows }) => rows);
  const cached = sum(({ cachedRows }) => cachedRows);
  const seconds = sum((score) => score.seconds);
  const kept = cached === 0 ? "" : `, ${cached} of them answered before`;
  const asked = rows - cached;
  const speed = asked === 0 ? "" : `, ${(asked / seconds).toFixed(1)} rows/s`;
  return `${rows} rows in ${formatDuration(seconds)}${speed}${kept}`;
}
