/** lm-evaluation-harness as a backend: its command is run, its results are read. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { findModel } from "../checkpoint/find-model.ts";
import { messageOf, TiesmithError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { averagesOf } from "./evaluate.ts";
import { readHarnessResults } from "./lm-eval-results.ts";
import { modelHash } from "./model-identity.ts";
import { type EvaluatedTask, type EvaluationResults, RESULTS_FORMAT, type Score } from "./results.ts";

export interface HarnessOptions {
  /** The command; default `lm_eval`. */
  readonly command?: string | undefined;
  readonly limit?: number | undefined;
  readonly shots?: number | undefined;
  /** Appended to the command line as they are. */
  readonly extraArguments?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** See `api.ts`. */
export async function evaluateWithHarness(
  models: readonly string[],
  tasks: readonly string[],
  options: HarnessOptions = {},
): Promise<EvaluationResults> {
  const { command = "lm_eval", signal } = options;
  const folders = models.map(findModel);
  const evaluated: EvaluatedTask[] = [];
  const scores: Score[] = [];
  for (const folder of folders) {
    const out = mkdtempSync(join(tmpdir(), "tiesmith-lm-eval-"));
    try {
      const started = performance.now();
      await runCommand(command, argumentsOf(folder, tasks, out, options), signal);
      const path = resultsFile(out, command);
      const read = readHarnessResults(JSON.parse(readFileSync(path, "utf8")), path, basename(folder));
      const seconds = (performance.now() - started) / 1000 / read.scores.length;
      scores.push(
        ...read.scores.map((score) => ({ ...score, seconds, rowsPerSecond: score.rows / seconds })),
      );
      if (evaluated.length === 0) evaluated.push(...read.tasks);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  }
  return {
    format: RESULTS_FORMAT,
    tiesmith: VERSION,
    createdAt: new Date().toISOString(),
    backend: { backend: "lm-eval", command },
    models: folders.map((path) => ({ name: basename(path), reference: path, hash: modelHash(path) })),
    tasks: evaluated,
    scores,
    averages: folders.flatMap((path) => averagesOf(basename(path), scores)),
    comparisons: [],
    notes: ["lm-evaluation-harness chose the rows and the prompts; it downloads its data by itself"],
  };
}

function argumentsOf(
  folder: string,
  tasks: readonly string[],
  out: string,
  options: HarnessOptions,
): string[] {
  const { limit, shots, extraArguments = [] } = options;
  return [
    ...["--model", "hf", "--model_args", `pretrained=${folder},dtype=float32`],
    ...["--tasks", tasks.join(","), "--output_path", out],
    ...(limit === undefined ? [] : ["--limit", String(limit)]),
    ...(shots === undefined ? [] : ["--num_fewshot", String(shots)]),
    ...extraArguments,
  ];
}

/** What the command says is kept for the error, and otherwise dropped. */
async function runCommand(
  command: string,
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = spawn(command, words, {
    stdio: ["ignore", "ignore", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  let said = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => reject(startError(error, command)));
    child.on("close", resolve);
  });
  if (code === 0) return;
  const last = said.trim().split("\n").slice(-3).join(" / ");
  throw new TiesmithError("BACKEND_FAILED", `${command} ended with exit code ${code}: ${last}`, {
    command,
    code,
  });
}

function startError(error: NodeJS.ErrnoException, command: string): TiesmithError {
  if (error.name === "AbortError") return new TiesmithError("INTERRUPTED", "The evaluation was interrupted");
  const found = error.code === "ENOENT" ? "it is not installed" : messageOf(error);
  return new TiesmithError(
    "BACKEND_UNAVAILABLE",
    `Expected the command ${command} for --backend lm-eval, but ${found}; install it with: pip install "lm_eval[hf]", or name it with --command`,
    { command },
  );
}

/** The harness makes a folder named after the model in its output path. */
function resultsFile(out: string, command: string): string {
  const names = readdirSync(out, { recursive: true, encoding: "utf8" });
  const found = names.filter((name) => /(^|[/\\])results_[^/\\]*\.json$/.test(name)).sort();
  const last = found.at(-1);
  if (last !== undefined) return join(out, last);
  throw new TiesmithError("BACKEND_FAILED", `Expected ${command} to write results_*.json, but found none`, {
    command,
  });
}
