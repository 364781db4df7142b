/** Rows of data files: JSON Lines, JSON arrays, TSV, CSV and Parquet, in the layouts that benchmarks are published in. */
import { readFileSync } from "node:fs";
import { systemError } from "../checkpoint/system-error.ts";
import { messageOf, nearestName, TiesmithError } from "../errors.ts";
import type { Task } from "./task.ts";

/** A row under the names that templates use; `row` counts from 1 as it stands in the file. */
export interface DataRow {
  readonly row: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads all rows of a file.
 * @throws {TiesmithError} `DATA_INVALID` naming file, row and field
 */
export async function readRows(path: string, data: Task["data"]): Promise<DataRow[]> {
  const raw = await rawRows(path, data);
  return raw.map((value, index) => ({ row: index + 1, fields: pick(value, data, path, index + 1) }));
}

async function rawRows(path: string, data: Task["data"]): Promise<unknown[]> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw systemError(error, path, "a data file", "DATA_INVALID");
  }
  if (data.format === "parquet") return parquetRows(bytes, path);
  const text = decode(bytes, path);
  if (data.format === "json") return jsonRows(text, path);
  if (data.format === "jsonl") return jsonLines(text, path);
  return delimitedRows(text, path, data);
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TiesmithError("DATA_INVALID", `Expected ${path} in UTF-8, but its bytes are not`, { path });
  }
}

function jsonRows(text: string, path: string): unknown[] {
  const value = parseJson(text, path, 1);
  if (Array.isArray(value)) return value;
  throw new TiesmithError(
    "DATA_INVALID",
    `Expected a JSON array of rows in ${path}, but found another kind of value`,
    { path },
  );
}

function jsonLines(text: string, path: string): unknown[] {
  const lines = text.split("\n").map((line, index) => [line, index + 1] as const);
  return lines.filter(([line]) => line.trim() !== "").map(([line, number]) => parseJson(line, path, number));
}

function parseJson(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TiesmithError(
      "DATA_INVALID",
      `Expected JSON in ${path}:${line}, but it does not parse: ${messageOf(error)}`,
      {
        path,
        line,
      },
    );
  }
}

async function delimitedRows(text: string, path: string, data: Task["data"]): Promise<unknown[]> {
  const { parse } = await import("csv-parse/sync");
  try {
    return parse(text, {
      bom: true,
      delimiter: data.format === "tsv" ? "\t" : ",",
      quote: data.quotes ? '"' : false,
      columns: data.header,
      skip_empty_lines: true,
    });
  } catch (error) {
    throw new TiesmithError("DATA_INVALID", `Expected ${data.format} in ${path}, but ${messageOf(error)}`, {
      path,
    });
  }
}

async function parquetRows(bytes: Buffer, path: string): Promise<unknown[]> {
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    return await parquetReadObjects({ file, compressors });
  } catch (error) {
    throw new TiesmithError("DATA_INVALID", `Expected Parquet in ${path}, but ${messageOf(error)}`, { path });
  }
}

function pick(value: unknown, data: Task["data"], path: string, row: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(data.optional)) fields[name] = plain(valueAt(value, key) ?? "");
  for (const [name, key] of Object.entries(data.fields)) {
    const found = valueAt(value, key);
    if (found === undefined || found === null || found === "") throw missing(value, key, path, row);
    fields[name] = plain(found);
  }
  return fields;
}

function valueAt(value: unknown, key: string | number): unknown {
  if (typeof key === "number") return Array.isArray(value) ? value[key] : undefined;
  const own = (value as Record<string, unknown> | null)?.[key];
  if (own !== undefined || !key.includes(".")) return own;
  return key
    .split(".")
    .reduce<unknown>((part, step) => (part as Record<string, unknown> | null | undefined)?.[step], value);
}

/** Parquet has 64-bit integers; templates know numbers. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return Array.isArray(value) ? value.map(plain) : value;
}

function missing(value: unknown, key: string | number, path: string, row: number): TiesmithError {
  const known = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const near =
    typeof key === "string"
      ? nearestName(
          key,
          known.filter((name) => name !== key),
        )
      : undefined;
  const hint =
    near === undefined ? `found ${known.slice(0, 12).join(", ") || "none"}` : `found ${JSON.stringify(near)}`;
  const what = typeof key === "number" ? `column ${key}` : `the field ${JSON.stringify(key)}`;
  return new TiesmithError("DATA_INVALID", `Expected ${what} in row ${row} of ${path}, but ${hint}`, {
    path,
    row,
    field: key,
  });
}
