/** What a merge does not depend on: a temporary folder, the working directory, the time of day. */
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { verify } from "tiesmith";
import { describe, expect, it } from "vitest";
import { runMergeChild } from "../execute/merge-process.ts";
import { workspace } from "../execute/refused-merges.ts";

function mergeUnder(temporary: (folder: string) => string, asNobody: boolean) {
  const folder = workspace();
  chmodSync(folder, 0o777);
  const out = join(folder, "out");
  const merges = [{ recipe: join(folder, "recipe.yaml"), options: { out, threads: 2 } }];
  const TMPDIR = temporary(folder);
  const { status, stderr, answer } = runMergeChild(
    { merges, asNobody },
    { TMPDIR, TMP: TMPDIR, TEMP: TMPDIR },
  );
  return { out, outcome: { status, stderr, error: answer.error } };
}

describe("a merge needs no temporary folder:", () => {
  it("one that nobody may write to", async () => {
    const locked = (folder: string) => {
      mkdirSync(join(folder, "locked"), { mode: 0o555 });
      return join(folder, "locked");
    };
    const { out, outcome } = mergeUnder(locked, true);
    expect(outcome).toEqual({ status: 0, stderr: "merging\n", error: undefined });
    expect(await verify(out)).toMatchObject({ ok: true });
  });

  it("one that does not exist", async () => {
    const { out, outcome } = mergeUnder((folder) => join(folder, "nowhere"), false);
    expect(outcome).toEqual({ status: 0, stderr: "merging\n", error: undefined });
    expect(await verify(out)).toMatchObject({ ok: true });
    expect(existsSync(join(out, "..", "nowhere"))).toBe(false);
  });
});

it("a merge counts its seconds by a clock that nobody sets", () => {
  const folder = workspace();
  const merges = [{ recipe: join(folder, "recipe.yaml"), options: { out: join(folder, "out"), threads: 1 } }];
  const backwards = join(import.meta.dirname, "clock-set-back.cjs");
  const { answer } = runMergeChild({ merges }, { NODE_OPTIONS: `--require ${backwards}` });
  expect(answer.error).toBeUndefined();
  const seconds = answer.results?.[0]?.seconds as number;
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(60);
});
