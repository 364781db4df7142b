/** What `tiesmith export` does. */
import { TiesmithError } from "../errors.ts";
import { type ExportOptions, exportGguf } from "../index.ts";
import type { ExportCommandOptions } from "./export.ts";
import { interruptible } from "./interrupt.ts";
import { withProgress } from "./progress.ts";
import { formatBytes, formatDuration, plural } from "./quantities.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

/** Writes the file, with progress on stderr and a summary on stdout. */
export async function runExport(format: string, model: string, options: ExportCommandOptions): Promise<void> {
  const { json = false, quiet = false, out, type, overwrite } = options;
  if (format !== "gguf")
    throw new TiesmithError("USAGE", `Expected the format gguf, but received ${JSON.stringify(format)}`, {
      format,
    });
  if (out === undefined)
    throw new TiesmithError("USAGE", "Expected --out FILE, the file to write, but found none", {
      option: "--out",
    });
  const result = await interruptible((signal) =>
    withProgress(quiet, (onProgress) =>
      exportGguf(model, { out, type: type as ExportOptions["type"], overwrite, signal, onProgress }),
    ),
  );
  if (!quiet) for (const note of result.notes) printMessage(`note: ${note}`);
  if (json) return printJson(result);
  if (quiet) return;
  const size = `${plural(result.tensorCount, "tensor")}, ${formatBytes(result.byteSize)}`;
  printResult(
    `Wrote ${result.out}: ${result.architecture} as ${result.type}, ${size}, in ${formatDuration(result.seconds)}`,
  );
}
