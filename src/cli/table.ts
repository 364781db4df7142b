/** Borderless tables: columns that stand under each other, and nothing else. */
import Table from "cli-table3";
import { coloursOf, printable } from "./terminal.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand right. */
  readonly align?: "left" | "right";
}

const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** Rows under their titles as text, without a line break at the end. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
    colAligns: columns.map(({ align = "left" }) => align),
  });
  table.push(
    columns.map(({ title }) => title),
    ...rows.map((row) => row.map(printable)),
  );
  const [titles = "", ...lines] = table.toString().split("\n");
  return [coloursOf(process.stdout).dim(titles.trimEnd()), ...lines.map((line) => line.trimEnd())].join("\n");
}
