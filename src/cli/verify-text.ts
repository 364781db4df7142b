/** A verification as text. */
import type { VerifyReport } from "../index.ts";
import { formatBytes, formatDuration, plural } from "./quantities.ts";
import { type Column, formatTable } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "what" },
  { title: "name" },
  { title: "expected" },
  { title: "found" },
];

/** A hash in hexadecimal: 128 bits or 256. */
const HASH = /^[0-9a-f]{32,64}$/;

/** One sentence on the whole folder. */
export function formatVerdict(report: VerifyReport): string {
  const { folder, ok, tensorCount, fileCount, bytes, seconds, failures } = report;
  if (!ok)
    return `Expected ${folder} to be as its manifest says, but found ${plural(failures.length, "difference")}`;
  const amounts = `${plural(tensorCount, "tensor")}, ${plural(fileCount, "file")}, ${formatBytes(bytes)}`;
  return `${folder} is as its manifest says: ${amounts} in ${formatDuration(seconds)}`;
}

/** One row for each difference; hashes shortened, since `--json` has them in full. */
export function formatFailures({ failures }: VerifyReport): string {
  const short = (text: string | null) =>
    text === null ? "–" : HASH.test(text) ? `${text.slice(0, 12)}…` : text;
  const rows = failures.map(({ what, name, expected, found }) => [what, name, short(expected), short(found)]);
  return formatTable(COLUMNS, rows);
}
