/** Reads task files: the shipped ones, and those of users. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { systemError } from "../checkpoint/system-error.ts";
import { nearestName, TiesmithError } from "../errors.ts";
import { packageRoot } from "../native/package-root.ts";
import { type Task, type TaskFile, taskSchema } from "./task.ts";
import { checkTemplate } from "./template.ts";

/** The tasks of the paper, beside `src` and `dist`. */
const SHIPPED = join(packageRoot, "tasks");

/** The shipped tasks by name. */
export function shippedTasks(): Map<string, TaskFile> {
  const names = readdirSync(SHIPPED).filter((name) => name.endsWith(".yaml"));
  const files = names.sort().map((name) => readTask(join(SHIPPED, name)));
  return new Map(files.map((file) => [file.task.task, file]));
}

/**
 * A task by its name, or by the path of a file.
 * @throws {TiesmithError} `TASK_INVALID` with the nearest name
 */
export function findTask(name: string): TaskFile {
  if (/\.ya?ml$/.test(name)) return readTask(name);
  const shipped = shippedTasks();
  const found = shipped.get(name);
  if (found !== undefined) return found;
  const near = nearestName(name, [...shipped.keys()]);
  const hint =
    near === undefined
      ? `: ${[...shipped.keys()].join(", ")}, or the path of a .yaml file`
      : `; did you mean ${near}?`;
  throw new TiesmithError(
    "TASK_INVALID",
    `Expected a known task, but received ${JSON.stringify(name)}${hint}`,
    { task: name },
  );
}

/**
 * Reads and checks one task file, templates included.
 * @throws {TiesmithError} `TASK_INVALID` naming file, line and key
 */
export function readTask(path: string): TaskFile {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    throw systemError(error, path, "a task file", "TASK_INVALID");
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const line = lines.linePos(broken.pos[0]).line;
    throw invalid(path, line, `YAML, but ${broken.message.split("\n")[0]}`);
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    for (let depth = keys.length; depth > 0; depth--) {
      const node = document.getIn(keys.slice(0, depth), true);
      const offset = (node as { range?: readonly number[] } | undefined)?.range?.[0];
      if (offset !== undefined) {
        const isBlock = isScalar(node) && /^BLOCK/.test(node.type ?? "");
        return lines.linePos(offset).line + (isBlock ? 1 : 0);
      }
    }
    return 1;
  };
  const parsed = taskSchema.safeParse(document.toJS());
  if (!parsed.success) throw schemaError(parsed.error.issues[0], path, lineOf, isMap(document.contents));
  const file = { task: parsed.data, path, lineOf };
  crossCheck(file);
  return file;
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string;
  readonly keys?: readonly string[];
}

function schemaError(
  issue: Issue | undefined,
  path: string,
  lineOf: TaskFile["lineOf"],
  isObject: boolean,
): TiesmithError {
  if (issue === undefined || !isObject) return invalid(path, 1, "a mapping of keys to values");
  const where = issue.path.join(".");
  const unknown = issue.keys?.[0];
  if (unknown !== undefined) {
    const line = lineOf([...issue.path, unknown]);
    return invalid(
      path,
      line,
      `known keys${where === "" ? "" : ` in ${where}`}, but found ${JSON.stringify(unknown)}`,
    );
  }
  return invalid(
    path,
    lineOf(issue.path),
    `${where === "" ? "a task" : where} to be right: ${issue.message}`,
  );
}

function invalid(path: string, line: number, expected: string): TiesmithError {
  return new TiesmithError("TASK_INVALID", `Expected ${expected} (${path}:${line})`, { path, line });
}

/** What one key says of another. */
function crossCheck(file: TaskFile): void {
  const { task, path, lineOf } = file;
  const named = (keys: readonly PropertyKey[], name: string, known: readonly string[], what: string) => {
    if (known.includes(name)) return;
    const near = nearestName(name, known) ?? known.join(", ");
    throw invalid(
      path,
      lineOf(keys),
      `${keys.join(".")} to name ${what}, but found ${JSON.stringify(name)}; did you mean ${near}?`,
    );
  };
  for (const [name, split] of Object.entries(task.splits)) {
    named(["splits", name, "from"], split.from, Object.keys(task.data.files), "a key of data.files");
    if (split.except !== undefined)
      named(["splits", name, "except"], split.except, Object.keys(task.splits), "a split");
  }
  const takesShots = task.shots.count > 0 || task.shots.onePerAnswer;
  if (takesShots) named(["shots", "split"], task.shots.split, Object.keys(task.splits), "a split");
  for (const [name, prompt] of Object.entries(task.prompts)) {
    if (task.scoring.method !== "generation" && prompt.choices === undefined)
      throw invalid(
        path,
        lineOf(["prompts", name]),
        `choices in prompts.${name}, since scoring is by ${task.scoring.method}`,
      );
  }
  checkTemplates(file);
  checkPatterns(task, path, lineOf);
}

function checkTemplates({ task, path, lineOf }: TaskFile): void {
  const fields = [...Object.keys(task.data.fields), ...Object.keys(task.data.optional)];
  const known = [...fields, "language", "labels", "all_labels"];
  const check = (template: string | undefined, keys: readonly string[], more: readonly string[] = []) => {
    if (template !== undefined)
      checkTemplate(template, [...known, ...more], { path, line: lineOf(keys), keys });
  };
  check(task.answer, ["answer"]);
  check(task.data.key, ["data", "key"], ["row_number"]);
  for (const [name, prompt] of Object.entries(task.prompts)) {
    for (const key of ["description", "prompt", "target", "answer"] as const)
      check(prompt[key], ["prompts", name, key], ["choices", "letters", "answer", "answer_index"]);
    if (typeof prompt.choices === "string") check(prompt.choices, ["prompts", name, "choices"]);
  }
}

function checkPatterns({ scoring, otherLanguages }: Task, path: string, lineOf: TaskFile["lineOf"]): void {
  const patterns: [string | undefined, string[]][] = [[otherLanguages, ["otherLanguages"]]];
  if (scoring.method === "generation")
    patterns.push(
      [scoring.extract.pattern, ["scoring", "extract", "pattern"]],
      [scoring.extract.remove, ["scoring", "extract", "remove"]],
    );
  for (const [pattern, keys] of patterns) {
    try {
      if (pattern !== undefined) new RegExp(pattern, "u");
    } catch (error) {
      throw invalid(
        path,
        lineOf(keys),
        `${keys.join(".")} to be a regular expression, but ${(error as Error).message}`,
      );
    }
  }
}
