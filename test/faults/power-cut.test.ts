/** From the return of merge on, a power cut loses nothing: everything was synced, and in the right order. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { merge } from "tiesmith";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";
import { mergeUnderStrace, missingStrace, type TracedCall } from "./traced-merge.ts";

let folder = "";
let out = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  out = join(folder, "new", "place", "out");
});
afterEach(() => rmSync(join(folder, "new"), { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lastIndex = (calls: readonly TracedCall[], matches: (call: TracedCall) => boolean) =>
  calls.findLastIndex(matches);

/** Every file was synced after its last write, then the folder, then it was renamed, and then its parent was synced. */
function expectSafe(calls: readonly TracedCall[]): void {
  const partial = `${out}.partial`;
  const renamed = calls.findIndex(
    ({ kind, path, to }) => kind === "rename" && path === partial && to === out,
  );
  expect(renamed).toBeGreaterThan(0);
  for (const name of readdirSync(out)) {
    const written = lastIndex(calls, ({ kind, path }) => kind === "write" && path === join(partial, name));
    const synced = lastIndex(calls, ({ kind, path }) => kind === "sync" && path === join(partial, name));
    expect(written, `${name} is written`).toBeGreaterThanOrEqual(0);
    expect(synced, `${name} is synced after it`).toBeGreaterThan(written);
    expect(synced, `${name} is synced before the rename`).toBeLessThan(renamed);
  }
  // The names in it: the journal is moved out last.
  const changed = lastIndex(calls, ({ kind, path }) => kind === "rename" && dirname(path) === partial);
  const folderSynced = lastIndex(calls, ({ kind, path }) => kind === "sync" && path === partial);
  expect(folderSynced).toBeGreaterThan(changed);
  expect(folderSynced).toBeLessThan(renamed);
  const parentSynced = calls.findIndex(
    ({ kind, path }, i) => i > renamed && kind === "sync" && path === dirname(out),
  );
  expect(parentSynced).toBeGreaterThan(renamed);
  // Only then may go what could still be needed.
  const removed = calls.findIndex(({ kind, path }) => kind === "remove" && path === `${partial}.journal`);
  expect(removed).toBeGreaterThan(parentSynced);
}

const reason = missingStrace();
if (reason !== null) console.log(`Skipped: strace cannot look at a process here: ${reason}`);

describe.skipIf(reason !== null)("seen by strace, a merge", () => {
  it("syncs files, folder and parents, each after what it must keep", () => {
    const { calls } = mergeUnderStrace(faultRecipe(folder), { ...FAULT_OPTIONS, out, sha256: true });
    expectSafe(calls);
    // Of the two folders that were made for it, too.
    for (const parent of [folder, join(folder, "new")])
      expect(calls.some(({ kind, path }) => kind === "sync" && path === parent)).toBe(true);
  });

  it("removes the model that it replaces only when the new one is safe", async () => {
    await merge(faultRecipe(folder), { ...FAULT_OPTIONS, out });
    const { calls } = mergeUnderStrace(faultRecipe(folder), { ...FAULT_OPTIONS, out, overwrite: true });
    expectSafe(calls);
    const isOld = (path: string) => path.includes("out.partial.replaced");
    const removed = calls.findIndex(({ kind, path }) => kind === "remove" && isOld(path));
    const parentSynced = lastIndex(calls, ({ kind, path }) => kind === "sync" && path === dirname(out));
    expect(removed).toBeGreaterThan(parentSynced);
  });

  it("fails if the disk does not keep it, and then trusts nothing of it", async () => {
    const options = { ...FAULT_OPTIONS, out };
    // What is synced while folders are made is another matter.
    mkdirSync(dirname(out), { recursive: true });
    const { answer } = mergeUnderStrace(faultRecipe(folder), options, "fsync:error=EIO");
    expect(answer.error).toMatchObject({
      code: "IO_FAILED",
      message: expect.stringMatching(
        /to keep .*out\.partial, but it failed \(EIO.*\); --resume will merge all of it again/,
      ),
    });
    expect(existsSync(out)).toBe(false);
    expect(await merge(faultRecipe(folder), { ...options, resume: true })).toMatchObject({
      resumedTensors: 0,
    });
    expect(Object.keys(folderFacts(out))).toContain("tiesmith.json");
  });
});
