/** From what a user asks for to tasks, languages and rows, all checked before a model is opened. */
import { nearestName, TiesmithError } from "../errors.ts";
import type { TaskLanguage } from "./data-files.ts";
import { type Item, makeItems } from "./items.ts";
import { findTask } from "./read-task.ts";
import type { EvaluatedTask } from "./results.ts";
import { readSplit } from "./splits.ts";
import type { Task, TaskFile } from "./task.ts";

/** What may be chosen of a task. */
export interface SelectionOptions {
  readonly data?: string | undefined;
  readonly split?: string | undefined;
  /** Languages of tasks that are named without one. */
  readonly languages?: readonly string[] | undefined;
  readonly prompt?: string | undefined;
  readonly shots?: number | undefined;
  /** The first so many rows of each task. */
  readonly limit?: number | undefined;
}

/** A task in a language, ready to be asked. */
export interface SelectedTask {
  readonly file: TaskFile;
  readonly facts: EvaluatedTask;
  readonly items: readonly Item[];
}

/**
 * Reads tasks, data and examples, and renders every prompt.
 * @param names `task` or `task:language`, a task being a name or the path of a YAML file
 * @throws {TiesmithError} `TASK_INVALID`, `DATA_INVALID`, `USAGE`
 */
export async function selectTasks(
  names: readonly string[],
  options: SelectionOptions,
): Promise<SelectedTask[]> {
  if (names.length === 0)
    throw new TiesmithError(
      "USAGE",
      "Expected at least one task (--tasks sib200:tam,mgsm:tel), but found none",
    );
  const selected: SelectedTask[] = [];
  for (const name of names) {
    const [, taskName = name, languageName] = /^(.*?)(?::([\w-]+))?$/.exec(name) ?? [];
    const file = findTask(taskName);
    for (const language of languagesOf(file.task, languageName, options.languages))
      selected.push(await selectTask(file, language, options));
  }
  return selected;
}

function languagesOf(
  task: Task,
  named: string | undefined,
  wanted: readonly string[] | undefined,
): TaskLanguage[] {
  if (named !== undefined) return [languageOf(task, named)];
  if (wanted !== undefined && wanted.length > 0) return wanted.map((code) => languageOf(task, code));
  const known = Object.keys(task.languages);
  if (known.length === 1) return [languageOf(task, known[0] as string)];
  throw new TiesmithError(
    "USAGE",
    `Expected a language for ${task.task}: write ${task.task}:${known[0]}, or give --languages; it has ${known.join(", ")}`,
    { task: task.task },
  );
}

/** A language of a task by its code, or by a word that stands for it in paths (`tam_Taml`, `te`). */
export function languageOf(task: Task, wanted: string): TaskLanguage {
  for (const [code, { name, words }] of Object.entries(task.languages))
    if (code === wanted || Object.values(words).includes(wanted)) return { code, name, words };
  if (task.otherLanguages !== undefined && new RegExp(`^(?:${task.otherLanguages})$`, "u").test(wanted))
    return { code: wanted, name: wanted, words: {} };
  const known = Object.keys(task.languages);
  const near = nearestName(wanted, known);
  const hint = near === undefined ? `it has ${known.join(", ")}` : `did you mean ${near}?`;
  throw new TiesmithError(
    "TASK_INVALID",
    `Expected a language of ${task.task}, but received ${JSON.stringify(wanted)}; ${hint}`,
    {
      task: task.task,
      language: wanted,
    },
  );
}

async function selectTask(
  file: TaskFile,
  language: TaskLanguage,
  options: SelectionOptions,
): Promise<SelectedTask> {
  const { task } = file;
  const { data = null, split: splitName = "test", limit } = options;
  const split = await readSplit(file, splitName, language, data);
  const wantsShots =
    (options.shots ?? task.shots.count) > 0 || (options.shots === undefined && task.shots.onePerAnswer);
  const examples = wantsShots ? (await readSplit(file, task.shots.split, language, data)).rows : [];
  const prompt = options.prompt ?? (Object.keys(task.prompts)[0] as string);
  const items = makeItems(file, language, split.rows, examples, { prompt, shots: options.shots, limit });
  const facts: EvaluatedTask = {
    task: task.task,
    title: task.title,
    column: task.column ?? task.task,
    language: language.code,
    languageName: language.name,
    split: splitName,
    prompt,
    shots: options.shots ?? task.shots.count,
    metric: task.scoring.method === "generation" ? "exact match" : "accuracy",
    scoring: task.scoring.method,
    rows: items.length,
    data: split.path,
    drawn: split.drawn,
  };
  return { file, facts, items };
}
