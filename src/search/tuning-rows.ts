/** The rows that candidates are scored on, and the proof that the final evaluation has none of them. */
import { createHash } from "node:crypto";
import { nearestName, type Problem, TiesmithError } from "../errors.ts";
import { DRAW_RULE, drawRows } from "../evaluate/draw.ts";
import { type SelectedTask, type SelectionOptions, selectTasks } from "../evaluate/selection.ts";
import { readSplit, type SplitRow } from "../evaluate/splits.ts";
import type { Objective } from "./objective.ts";
import type { TunedRows } from "./results.ts";
import type { SearchSpec } from "./spec.ts";

/** The tasks of a search, read and rendered. */
export interface SearchTasks {
  readonly dev: readonly SelectedTask[];
  /** Null without a final evaluation. */
  readonly test: readonly SelectedTask[] | null;
  readonly tunedOn: readonly TunedRows[];
}

/**
 * Reads the tasks of a spec. Problems are added to the list; null then.
 * A row that stands in the dev and in the test rows of a task is a problem: what is tuned on must not be tested on.
 */
export async function readTasks(spec: SearchSpec, problems: Problem[]): Promise<SearchTasks | null> {
  const dev: SelectedTask[] = [];
  const test: SelectedTask[] = [];
  for (const name of spec.tasks) {
    const own = await attempt(problems, () => selectTasks([name], devOptions(spec)));
    dev.push(...(own ?? []).map((task) => drawnRows(task, spec)));
  }
  const split = spec.final?.split;
  if (spec.final !== null)
    for (const name of [...spec.tasks, ...spec.final.tasks])
      test.push(
        ...((await attempt(problems, () => selectTasks([name], { ...devOptions(spec), split }))) ?? []),
      );
  if (problems.length > 0) return null;
  problems.push(...unknownInObjective(spec.objective, dev));
  const tunedOn: TunedRows[] = [];
  for (const task of dev) {
    const hashes = await hashesOf(task, spec.data);
    // Without a final evaluation, the task's own test rows must not be tuned on either.
    const other = split ?? (Object.hasOwn(task.file.task.splits, "test") ? "test" : null);
    const found = other === null ? null : await attempt([], () => rowsOf(task, other, spec.data));
    problems.push(...overlap(task, hashes, other, found ?? []));
    const { facts, items } = task;
    tunedOn.push({
      task: facts.task,
      language: facts.language,
      split: facts.split,
      rows: items.length,
      data: facts.data,
      hash: createHash("sha256")
        .update([...hashes.keys()].join("\n"))
        .digest("hex"),
    });
  }
  return problems.length > 0 ? null : { dev, test: spec.final === null ? null : test, tunedOn };
}

function devOptions(spec: SearchSpec): SelectionOptions {
  return {
    data: spec.data ?? undefined,
    split: spec.dev,
    languages: spec.languages ?? undefined,
    prompt: spec.prompt ?? undefined,
    shots: spec.shots ?? undefined,
  };
}

/** The first so many rows of a task by the hash of seed and key: more rows hold all of fewer ones. */
export function firstRows(task: SelectedTask, seed: number, rows: number): SelectedTask {
  const { items, facts } = task;
  if (rows >= items.length) return task;
  return {
    ...task,
    items: drawRows(items, String(seed), rows),
    facts: { ...facts, rows, drawn: { seed: String(seed), of: items.length, rule: DRAW_RULE } },
  };
}

function drawnRows(task: SelectedTask, { rows, seed }: SearchSpec): SelectedTask {
  return rows === null ? task : firstRows(task, seed, rows);
}

/** Hashes of the rows' contents with their numbers in the file, in its order. */
async function hashesOf(task: SelectedTask, data: string | null): Promise<Map<string, number>> {
  const taken = new Set(task.items.map(({ row }) => row));
  const rows = await rowsOf(task, task.facts.split, data);
  return new Map(rows.filter(({ row }) => taken.has(row)).map((row) => [rowHash(row), row.row]));
}

async function rowsOf(
  { file, facts }: SelectedTask,
  split: string,
  data: string | null,
): Promise<readonly SplitRow[]> {
  const { name, words } = file.task.languages[facts.language] ?? { name: facts.languageName, words: {} };
  return (await readSplit(file, split, { code: facts.language, name, words }, data)).rows;
}

/** What templates can see of a row; its number and file do not count. */
function rowHash({ fields }: SplitRow): string {
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

function overlap(
  { facts }: SelectedTask,
  dev: ReadonlyMap<string, number>,
  split: string | null,
  test: readonly SplitRow[],
): Problem[] {
  const both = test.filter((row) => dev.has(rowHash(row)));
  const [first] = both;
  if (first === undefined) return [];
  const where = `row ${dev.get(rowHash(first))} of ${facts.split} is row ${first.row} of ${split}`;
  const message = `Expected no row of ${facts.task} in ${facts.languageName} in both the ${facts.split} rows, which are tuned on, and the ${split} rows, but ${both.length} of ${test.length} are: ${where}; take another split, or leave these rows out of one`;
  return [
    {
      code: "SEARCH_INVALID",
      message,
      details: { task: facts.task, language: facts.language, rows: both.length },
    },
  ];
}

/** Weights and languages that no task has would count silently for nothing. */
function unknownInObjective(objective: Objective, dev: readonly SelectedTask[]): Problem[] {
  const languages = dev.map(({ facts }) => facts.language);
  const tasks = dev.flatMap(({ facts }) => [facts.task, `${facts.task}:${facts.language}`]);
  const refuse = (name: string, known: readonly string[], what: string): Problem => {
    const near = nearestName(name, known);
    const advice =
      near === undefined ? `known are ${[...new Set(known)].join(", ")}` : `did you mean ${near}?`;
    const message = `Expected ${what} of the search in its objective, but received ${JSON.stringify(name)}; ${advice}`;
    return { code: "SEARCH_INVALID", message, details: { objective: name } };
  };
  if (objective.kind === "language" && !languages.includes(objective.language))
    return [refuse(objective.language, languages, "a language")];
  if (objective.kind !== "weighted") return [];
  const unknown = Object.keys(objective.weights).filter((name) => !tasks.includes(name));
  if (unknown.length > 0) return unknown.map((name) => refuse(name, tasks, "a task"));
  const weights = dev.map(
    ({ facts }) => objective.weights[`${facts.task}:${facts.language}`] ?? objective.weights[facts.task] ?? 0,
  );
  if (weights.some((weight) => weight > 0)) return [];
  const message = "Expected a weight above 0 for a task in the objective, but found none";
  return [{ code: "SEARCH_INVALID", message, details: {} }];
}

async function attempt<T>(problems: Problem[], read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TiesmithError)) throw error;
    problems.push(error.toProblem());
    return null;
  }
}
