/** Runs merges in a child process; see `merge-child.mjs`. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { MergeOptions, MergeResult, RecipeInput } from "tiesmith";

export const MERGE_CHILD = join(import.meta.dirname, "merge-child.mjs");

export interface ChildTask {
  readonly merges: readonly {
    readonly recipe: string | RecipeInput;
    readonly options: Omit<MergeOptions, "onProgress" | "signal">;
  }[];
  readonly kill?: { readonly call: string; readonly count: number; readonly when: "before" | "after" };
  readonly asNobody?: boolean;
  readonly withoutExchange?: boolean;
}

export interface ChildAnswer {
  readonly results?: readonly MergeResult[];
  readonly error?: { readonly code: string; readonly message: string };
}

export function runMergeChild(
  task: ChildTask,
  environment: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> & { answer: ChildAnswer } {
  const child = spawnSync(process.execPath, [MERGE_CHILD, JSON.stringify(task)], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    timeout: 60_000,
  });
  return { ...child, answer: child.stdout === "" ? {} : (JSON.parse(child.stdout) as ChildAnswer) };
}
