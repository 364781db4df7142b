/** Which rows belong to a split; where a benchmark has too few splits, they are drawn, always the same way. */
import { nearestName, TiesmithError } from "../errors.ts";
import { type FoundFile, findDataFile, type TaskLanguage } from "./data-files.ts";
import { DRAW_RULE, drawRows } from "./draw.ts";
import { type DataRow, readRows } from "./read-rows.ts";
import type { TaskFile } from "./task.ts";
import { render } from "./template.ts";

/** A row of a split. */
export interface SplitRow extends DataRow {
  /** Names the row within its file. */
  readonly key: string;
  readonly file: string;
}

/** A split as it was read, and how it came about. */
export interface Split {
  readonly path: string;
  readonly rows: readonly SplitRow[];
  /** Set where the rows were drawn: enough to draw them again. */
  readonly drawn: { readonly seed: string; readonly of: number; readonly rule: string } | null;
}

/** Part of every drawn split; another seed would draw other rows. */
export const DRAW_SEED = "tiesmith-1";

/**
 * The rows of a split in the order of the file.
 * @throws {TiesmithError} `TASK_INVALID` for an unknown split; `DATA_INVALID` where the data are absent or empty
 */
export async function readSplit(
  file: TaskFile,
  splitName: string,
  language: TaskLanguage,
  dataFolder: string | null,
): Promise<Split> {
  const { task } = file;
  const split = task.splits[splitName];
  if (split === undefined) {
    const known = Object.keys(task.splits);
    const near = nearestName(splitName, known) ?? known.join(", ");
    throw new TiesmithError(
      "TASK_INVALID",
      `Expected a split of ${task.task}, but received ${JSON.stringify(splitName)}; did you mean ${near}?`,
      { task: task.task, split: splitName },
    );
  }
  const found = findDataFile(task, split.from, language, dataFolder);
  if (!("path" in found)) throw absent(file, splitName, language, found);
  const all = keyed(await readRows(found.path, task.data), found.path, file, language);
  const taken = split.except === undefined ? null : task.splits[split.except]?.draw;
  let rows = all;
  if (taken != null) rows = without(all, drawn(all, taken));
  if (split.draw !== undefined) rows = drawn(rows, split.draw);
  if (rows.length === 0)
    throw new TiesmithError(
      "DATA_INVALID",
      `Expected rows in the ${splitName} split of ${task.task}, but ${found.path} leaves none`,
      {
        path: found.path,
      },
    );
  const isDrawn = rows.length < all.length;
  return {
    path: found.path,
    rows,
    drawn: isDrawn ? { seed: DRAW_SEED, of: all.length, rule: DRAW_RULE } : null,
  };
}

function keyed(
  rows: readonly DataRow[],
  dataPath: string,
  { task, path, lineOf }: TaskFile,
  language: TaskLanguage,
): SplitRow[] {
  const template = task.data.key;
  const keys = ["data", "key"];
  return rows.map((row) => {
    const values = { ...row.fields, language, row_number: row.row };
    const key =
      template === undefined ? String(row.row) : render(template, values, { path, line: lineOf(keys), keys });
    return { ...row, key, file: dataPath };
  });
}

/** Does not depend on the language, so that parallel rows stay together. */
function drawn(rows: readonly SplitRow[], count: number): SplitRow[] {
  return drawRows(rows, DRAW_SEED, count);
}

function without(rows: readonly SplitRow[], others: readonly SplitRow[]): SplitRow[] {
  const taken = new Set(others);
  return rows.filter((row) => !taken.has(row));
}

function absent(
  { task }: TaskFile,
  splitName: string,
  language: TaskLanguage,
  found: Extract<FoundFile, { places: unknown }>,
): TiesmithError {
  const looked =
    found.places.length === 0
      ? "no data folder was given (--data)"
      : `found none at ${found.places.join(", ")}`;
  const origin =
    task.source === undefined
      ? ""
      : `; it is published at ${task.source}${task.licence === undefined ? "" : ` (${task.licence})`}`;
  return new TiesmithError(
    "DATA_INVALID",
    `Expected the ${splitName} rows of ${task.task} in ${language.name}, but ${looked}${origin}`,
    { task: task.task, split: splitName, language: language.code, places: found.places },
  );
}
