/** What `tiesmith evaluate` does. */
import { TiesmithError } from "../errors.ts";
import { type BackendOptions, type EvaluationResults, evaluate, evaluateWithHarness } from "../index.ts";
import type { EvaluateCommandOptions } from "./evaluate.ts";
import { formatEvaluation } from "./evaluate-text.ts";
import { interruptible } from "./interrupt.ts";
import { withRowProgress } from "./row-progress.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

/** Evaluates, with progress on stderr and tables on stdout. Ctrl-C ends it; what was answered is kept. */
export async function runEvaluate(models: readonly string[], options: EvaluateCommandOptions): Promise<void> {
  const { json = false, quiet = false, markdown = false } = options;
  const tasks = options.tasks ?? [];
  if (tasks.length === 0)
    throw new TiesmithError(
      "USAGE",
      "Expected --tasks TASKS, what to measure (tiesmith tasks lists them), but found none",
      {
        option: "--tasks",
      },
    );
  const results = await interruptible((signal) =>
    withRowProgress(quiet, (onProgress) => {
      const { data, languages, split, prompt, shots, limit, out, cache } = options;
      if (options.backend === "lm-eval")
        return evaluateWithHarness(models, tasks, { command: options.command, limit, shots, signal });
      const selection = { data, languages, split, prompt, shots, limit, out, cache };
      return evaluate(models, tasks, { ...selection, backend: backendOf(options), signal, onProgress });
    }),
  );
  tell(results, json, quiet, markdown);
}

function backendOf(options: EvaluateCommandOptions): BackendOptions {
  const { backend, ggufType, kvType, flashAttention, sequences, threads } = options;
  if (backend === "llama") {
    type Llama = Extract<BackendOptions, { kind: "llama" }>;
    return {
      kind: "llama",
      type: ggufType as Llama["type"],
      keyValueType: kvType as Llama["keyValueType"],
      flashAttention,
      sequences,
      threads,
    };
  }
  const { url, keyVariable, concurrency, timeout } = options;
  if (url === undefined)
    throw new TiesmithError(
      "USAGE",
      "Expected --url URL, the server's address, for --backend openai, but found none",
      {
        option: "--url",
      },
    );
  return { kind: "openai", url, keyVariable, concurrency, timeoutSeconds: timeout };
}

function tell(results: EvaluationResults, json: boolean, quiet: boolean, markdown: boolean): void {
  if (!quiet) for (const note of results.notes) printMessage(`note: ${note}`);
  if (json) printJson(results);
  else if (!quiet) printResult(formatEvaluation(results, markdown));
}
