/** What `tiesmith merge` does. */
import { TiesmithError } from "../errors.ts";
import { type MergeOptions, type MergeResult, merge } from "../index.ts";
import { interruptible } from "./interrupt.ts";
import type { MergeCommandOptions } from "./merge.ts";
import { withProgress } from "./progress.ts";
import { recipeOf } from "./recipe-of.ts";
import { resumeCommand } from "./resume-command.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

const loadSummary = () => import("./merge-summary.ts");

/** Merges, with progress on stderr and the summary on stdout. Ctrl-C ends it in order. */
export async function runMerge(words: readonly string[], options: MergeCommandOptions): Promise<void> {
  const { json = false, quiet = false } = options;
  const result = await interruptible((signal) => mergeUntilAborted(words, options, signal));
  if (!quiet) for (const note of result.notes) printMessage(`note: ${note}`);
  if (json) return printJson(result);
  if (quiet) return;
  const { formatMergeSummary } = await loadSummary();
  printResult(formatMergeSummary(result));
}

async function mergeUntilAborted(
  words: readonly string[],
  options: MergeCommandOptions,
  signal: AbortSignal,
): Promise<MergeResult> {
  const request = mergeOptions(options);
  const recipe = await recipeOf(words, options);
  const { json = false, quiet = false } = options;
  try {
    return await withProgress(quiet, (report) =>
      merge(recipe, {
        ...request,
        signal,
        onProgress: (progress) => {
          // While threads merge: at the end it would be waited for.
          if (!json && !quiet) void loadSummary();
          report(progress);
        },
      }),
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new TiesmithError(
      "INTERRUPTED",
      `Interrupted; go on with: ${resumeCommand(process.argv.slice(2))}`,
    );
  }
}

/** `--out` is checked here and not by commander, which would miss it before it sees that `--outt` is a slip. */
function mergeOptions(options: MergeCommandOptions): MergeOptions {
  const { out, format, type, threads, maxMemory, maxShardSize, overwrite, resume, restart } = options;
  const { saturate, hashInputs, sha256, cuts, keepCached, language } = options;
  if (out === undefined) {
    const message = "Expected --out PATH, the model folder or file to write, but found none";
    throw new TiesmithError("USAGE", message, { option: "--out" });
  }
  const languages = language?.flatMap((tags) => tags.split(",")).map((tag) => tag.trim());
  return {
    out,
    format: format as MergeOptions["format"],
    type: type as MergeOptions["type"],
    threads,
    maxMemoryBytes: maxMemory,
    maxShardBytes: maxShardSize,
    overwrite,
    resume,
    restart,
    saturate,
    hashInputs,
    sha256,
    cuts,
    keepCached,
    languages,
  };
}
