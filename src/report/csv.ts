/** A figure's data as CSV (RFC 4180). */
import type { Datum } from "./document.ts";

/** Names of the columns, then one line a datum; a null is an empty field. */
export function csvOf(data: readonly Datum[]): string {
  const columns = [...new Set(data.flatMap((datum) => Object.keys(datum)))];
  const lines = data.map((datum) => columns.map((column) => field(datum[column] ?? "")).join(","));
  return [columns.map(field).join(","), ...lines, ""].join("\r\n");
}

/** A leading =, +, - or @ of a text would be a formula to a spreadsheet. */
function field(value: number | string): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
