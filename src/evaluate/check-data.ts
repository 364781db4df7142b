/** What a data folder holds of the known benchmarks, against what the paper counted. */
import { TiesmithError } from "../errors.ts";
import { findDataFile } from "./data-files.ts";
import { findTask, shippedTasks } from "./read-task.ts";
import { readSplit } from "./splits.ts";
import type { Task, TaskFile } from "./task.ts";

/** One split of a task in a language. */
export interface DataCheck {
  readonly task: string;
  readonly language: string;
  readonly split: string;
  /** Null if the file is absent. */
  readonly path: string | null;
  readonly rows: number | null;
  /** Of Table 6 of the paper; null if it does not say. */
  readonly paperRows: number | null;
  /** What is wrong; null if nothing is. */
  readonly problem: string | null;
}

/** One task, as `tiesmith tasks` explains it. */
export interface TaskSummary {
  readonly task: string;
  readonly title: string;
  readonly column: string;
  readonly languages: readonly { readonly code: string; readonly name: string }[];
  readonly splits: readonly string[];
  readonly prompts: readonly string[];
  readonly scoring: string;
  readonly shots: number | "one an answer";
  readonly source: string | null;
  readonly licence: string | null;
  readonly path: string;
}

/** The shipped tasks, or those that are named. */
export function listTasks(names: readonly string[] = []): TaskSummary[] {
  const files = names.length === 0 ? [...shippedTasks().values()] : names.map(findTask);
  return files.map(summaryOf);
}

/**
 * Looks for every split of every task in every language; a language of which nothing is there is left out.
 * @param names tasks; default: the shipped ones
 */
export async function checkData(folder: string, names: readonly string[] = []): Promise<DataCheck[]> {
  const files = names.length === 0 ? [...shippedTasks().values()] : names.map(findTask);
  const checks: DataCheck[] = [];
  for (const file of files) {
    for (const code of Object.keys(file.task.languages)) {
      if (isAnythingThere(file.task, code, folder)) checks.push(...(await checkLanguage(file, code, folder)));
    }
  }
  return checks;
}

function isAnythingThere(task: Task, code: string, folder: string): boolean {
  const language = { code, ...(task.languages[code] as Task["languages"][string]) };
  return Object.keys(task.data.files).some((key) => "path" in findDataFile(task, key, language, folder));
}

async function checkLanguage(file: TaskFile, code: string, folder: string): Promise<DataCheck[]> {
  const { task } = file;
  const language = { code, ...(task.languages[code] as Task["languages"][string]) };
  return Promise.all(
    Object.keys(task.splits).map(async (split): Promise<DataCheck> => {
      const paperRows = task.paperRows[split] ?? null;
      const facts = { task: task.task, language: code, split, paperRows };
      try {
        const { path, rows } = await readSplit(file, split, language, folder);
        const differs = paperRows !== null && rows.length !== paperRows;
        const problem = differs ? `the paper has ${paperRows} rows` : null;
        return { ...facts, path, rows: rows.length, problem };
      } catch (error) {
        if (!(error instanceof TiesmithError)) throw error;
        const isAbsent = error.details.places !== undefined;
        return { ...facts, path: null, rows: null, problem: isAbsent ? "missing" : error.message };
      }
    }),
  );
}

function summaryOf({ task, path }: TaskFile): TaskSummary {
  return {
    task: task.task,
    title: task.title,
    column: task.column ?? task.task,
    languages: Object.entries(task.languages).map(([code, { name }]) => ({ code, name })),
    splits: Object.keys(task.splits),
    prompts: Object.keys(task.prompts),
    scoring: task.scoring.method,
    shots: task.shots.onePerAnswer ? "one an answer" : task.shots.count,
    source: task.source ?? null,
    licence: task.licence ?? null,
    path,
  };
}
