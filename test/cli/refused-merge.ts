/** What a refusal looks like: exit code 2, one line on stderr, and no trace of an output. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type Outcome, tiesmith } from "./command-line.ts";

/** Runs `merge` into `out`, which must be refused without a trace; returns the line on stderr. */
export function refusedMerge(folder: string, words: readonly string[] = ["ties.yaml"]): string {
  const line = refusal(tiesmith(["merge", ...words, "--out", "out"], folder));
  expect(existsSync(join(folder, "out"))).toBe(false);
  expect(existsSync(join(folder, "out.partial"))).toBe(false);
  return line;
}

/** The one line of a refusal. */
export function refusal({ status, stdout, stderr }: Outcome): string {
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^tiesmith: [^\n]+\n$/);
  return stderr;
}
