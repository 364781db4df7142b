/** A verification as text. */
import type { VerifyReport } from "../index.ts";
import { formatBytes, plural } from "./quantities.ts";
import { printable } from "./terminal.ts";

/** One sentence on the whole folder. */
export function formatVerdict({ folder, ok, tensorCount, fileCount, bytes, failures }: VerifyReport): string {
  if (!ok) return `Expected ${folder} to match its manifest, but found ${plural(failures.length, "difference")}`;
  const amounts = `${plural(tensorCount, "tensor")}, ${plural(fileCount, "file")}, ${formatBytes(bytes)}`;
  return `${printable(folder)} matches its manifest: ${amounts}`;
}

/** One line for each difference. */
export function formatFailures({ failures }: VerifyReport): string {
  return failures.map(({ what, expected, found }) => printable(`${what}: expected ${expected}, found ${found}`)).join("\n");
}
