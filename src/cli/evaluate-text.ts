/** Scores as tables, laid out like the paper's Tables 3 and 7-13: best bold, second underlined. */
import { type EvaluationResults, type ScoreTable, scoreTables } from "../index.ts";
import { formatDuration } from "./quantities.ts";
import { coloursOf, printable } from "./terminal.ts";

type Cell = ScoreTable["rows"][number]["cells"][number];

/** All tables, as text for a terminal or as Markdown, and what else there is to say. */
export function formatEvaluation(results: EvaluationResults, markdown: boolean): string {
  const rest = [...comparisonLines(results), ...unparsableLines(results), speedLine(results)];
  return [formatScores(results, markdown), ...rest].filter((part) => part !== "").join("\n\n");
}

/** The tables alone. */
export function formatScores(results: EvaluationResults, markdown: boolean): string {
  return scoreTables(results)
    .map((table) => (markdown ? markdownTable(table) : terminalTable(table)))
    .join("\n\n");
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
