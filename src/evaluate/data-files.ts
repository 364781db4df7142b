/** Finds the files of a benchmark: in the user's data folder, then in the hub's cache. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { hubCacheFolder } from "../checkpoint/hub-cache.ts";
import type { Task } from "./task.ts";

/** A language of a task: its code and the words that paths and templates use. */
export interface TaskLanguage {
  readonly code: string;
  readonly name: string;
  readonly words: Readonly<Record<string, string>>;
}

/** The path of a data file, or where it was looked for. */
export type FoundFile = { readonly path: string } | { readonly places: readonly string[] };

/** Looks for the file that holds `files[key]` of a task in a language. */
export function findDataFile(
  task: Task,
  key: string,
  language: TaskLanguage,
  dataFolder: string | null,
): FoundFile {
  const patterns = task.data.files[key] ?? [];
  const roots = [
    ...(dataFolder === null ? [] : [resolve(dataFolder)]),
    ...(task.data.hub === undefined ? [] : hubSnapshots(task.data.hub)),
  ];
  const places: string[] = [];
  for (const root of roots) {
    for (const pattern of typeof patterns === "string" ? [patterns] : patterns) {
      const filled = pattern.replace(
        /\{(\w+)\}/g,
        (_, word: string) => language.words[word] ?? language.code,
      );
      const [first] = expand(root, filled.split("/"));
      if (first !== undefined) return { path: first };
      places.push(join(root, filled));
    }
  }
  return { places };
}

/** The existing files that a pattern matches, in byte order; `*` stands for any characters of one name. */
function expand(folder: string, steps: readonly string[]): string[] {
  const [step, ...rest] = steps;
  if (step === undefined) return statSync(folder, { throwIfNoEntry: false })?.isFile() ? [folder] : [];
  if (!step.includes("*")) {
    const next = join(folder, step);
    return existsSync(next) ? expand(next, rest) : [];
  }
  const expression = new RegExp(`^${step.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
  return namesIn(folder)
    .filter((name) => expression.test(name))
    .flatMap((name) => expand(join(folder, name), rest));
}

function hubSnapshots(id: string): string[] {
  const snapshots = join(hubCacheFolder(process.env), `datasets--${id.replaceAll("/", "--")}`, "snapshots");
  return namesIn(snapshots).map((name) => join(snapshots, name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // A folder that is not there holds nothing.
  }
}
