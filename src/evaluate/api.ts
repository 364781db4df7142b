/**
 * What the public API has of evaluation. Each function loads what it needs when it is called, so that programs that
 * only merge start without schemas, templates and clients.
 */
import type { DataCheck, TaskSummary } from "./check-data.ts";
import type { EvaluateOptions } from "./evaluate.ts";
import type { HarnessOptions } from "./lm-eval.ts";
import type { Rescored } from "./rescore.ts";
import type { EvaluationResults } from "./results.ts";

/**
 * Evaluates models on tasks. Answers are kept as they come: what an earlier run has answered is not asked again, and
 * a change of scoring needs no model.
 *
 * @param models model folders, GGUF files or hub ids; for a server, the names of its models
 * @param tasks `sib200:tam`, or the path of a task file
 * @throws {TiesmithError} `TASK_INVALID`, `DATA_INVALID` before a model is opened; `BACKEND_UNAVAILABLE`,
 * `BACKEND_FAILED`, `MODEL_UNSUPPORTED`, `INTERRUPTED`
 * @example
 * const { averages } = await evaluate(["base", "merged"], ["sib200:tam"], { data: "benchmarks" });
 */
export async function evaluate(
  models: readonly string[],
  tasks: readonly string[],
  options: EvaluateOptions = {},
): Promise<EvaluationResults> {
  const implementation = await import("./evaluate.ts");
  return implementation.evaluate(models, tasks, options);
}

/**
 * Evaluates models with lm-evaluation-harness, whose names of tasks these are. The result has the form of
 * {@link evaluate}, without paired comparisons.
 *
 * @throws {TiesmithError} `BACKEND_UNAVAILABLE` if the command is missing; `BACKEND_FAILED` with its last words
 * @example
 * await evaluateWithHarness(["merged"], ["belebele_tam_Taml"], { limit: 100 });
 */
export async function evaluateWithHarness(
  models: readonly string[],
  tasks: readonly string[],
  options: HarnessOptions = {},
): Promise<EvaluationResults> {
  const implementation = await import("./lm-eval.ts");
  return implementation.evaluateWithHarness(models, tasks, options);
}

/**
 * The shipped tasks, or those that are named by name or path.
 * @throws {TiesmithError} `TASK_INVALID`
 * @example
 * const names = (await listTasks()).map(({ task }) => task);
 */
export async function listTasks(names: readonly string[] = []): Promise<TaskSummary[]> {
  const implementation = await import("./check-data.ts");
  return implementation.listTasks(names);
}

/**
 * Looks for every split of every task in a data folder, and counts rows against the paper's.
 * @param names tasks; default: the shipped ones
 * @throws {TiesmithError} `TASK_INVALID`
 * @example
 * const problems = (await checkData("benchmarks")).filter(({ problem }) => problem !== null);
 */
export async function checkData(folder: string, names: readonly string[] = []): Promise<DataCheck[]> {
  const implementation = await import("./check-data.ts");
  return implementation.checkData(folder, names);
}

/**
 * Scores a file of predictions that {@link evaluate} wrote again, by a task's rules as they are now.
 *
 * @param path `OUT/predictions/MODEL.TASK.LANGUAGE.SPLIT.jsonl`
 * @param task a name, or the path of a task file
 * @throws {TiesmithError} `DATA_INVALID` if the file is broken or the task scores in another way; `TASK_INVALID`
 * @example
 * const { value } = await rescore("results/predictions/merged.mgsm.tel.test.jsonl", "my-mgsm.yaml");
 */
export async function rescore(path: string, task: string): Promise<Rescored> {
  const implementation = await import("./rescore.ts");
  return implementation.rescore(path, task);
}
