/** A merge that is killed leaves no OUT or a complete one, and resumes to the same bytes. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merge } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ChildTask, runMergeChild } from "../execute/merge-process.ts";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";

type Scope = "tensor" | "model";
const SCOPES: readonly Scope[] = ["tensor", "model"];

let folder = "";
const finished = new Map<Scope, unknown>();
let progressCount = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  for (const scope of SCOPES) {
    const out = join(folder, scope, "out");
    progressCount = 0;
    await merge(faultRecipe(folder, scope), { ...FAULT_OPTIONS, out, onProgress: () => progressCount++ });
    finished.set(scope, folderFacts(out));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function taskOf(scope: Scope, out: string, kill?: ChildTask["kill"]): ChildTask {
  const merges = [{ recipe: faultRecipe(folder, scope), options: { ...FAULT_OPTIONS, out } }];
  return kill === undefined ? { merges } : { merges, kill };
}

/** Checks what a killed merge has left, and resumes it; gives how many tensors were taken over. */
async function expectResumable(scope: Scope, out: string): Promise<number> {
  try {
    if (existsSync(out)) {
      expect(existsSync(`${out}.partial`)).toBe(false);
      expect(folderFacts(out)).toEqual(finished.get(scope));
      return 0;
    }
    const options = { ...FAULT_OPTIONS, out, resume: true };
    const { resumedTensors } = await merge(faultRecipe(folder, scope), options);
    expect(folderFacts(out)).toEqual(finished.get(scope));
    return resumedTensors;
  } finally {
    rmSync(join(out, ".."), { recursive: true, force: true });
  }
}

async function killedAt(scope: Scope, kill: NonNullable<ChildTask["kill"]>): Promise<number> {
  const out = join(folder, "killed", "out");
  const { signal, answer } = runMergeChild(taskOf(scope, out, kill));
  expect({ signal, answer }).toEqual({ signal: "SIGKILL", answer: {} });
  return expectResumable(scope, out);
}

describe("killed while it merges", () => {
  it.each([0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.99])("at %f of its progress", async (share) => {
    const count = Math.max(1, Math.floor(share * progressCount));
    for (const scope of SCOPES) {
      const resumed = await killedAt(scope, { call: "onProgress", count, when: "before" });
      if (share > 0.5) expect(resumed).toBeGreaterThan(5);
    }
  });
});

describe("killed around a system call:", () => {
  const points: [call: string, count: number, when: "before" | "after"][] = [
    ["mkdirSync", 2, "before"], // of OUT.partial
    ["mkdirSync", 2, "after"],
    ["writeSync", 1, "before"], // of the first header
    ["writeSync", 3, "after"],
    ["ftruncateSync", 1, "before"], // of the journal
    ["ftruncateSync", 1, "after"],
    ["writeSync", 12, "before"], // of the journal's records
    ["writeSync", 30, "after"],
    ["copyFileSync", 1, "after"],
    ["writeFileSync", 1, "before"],
    ["writeFileSync", 4, "before"], // of the manifest
    ["writeFileSync", 4, "after"],
    ["fsync", 1, "before"], // of the folder that OUT's own was made in
    ["fsync", 2, "before"], // of the first file
    ["fsync", 5, "before"],
    ["renameSync", 1, "before"], // of the journal, out of OUT.partial
    ["renameSync", 1, "after"],
    ["renameSync", 2, "before"], // of OUT.partial to OUT
    ["renameSync", 2, "after"],
    ["rmSync", 2, "before"], // of the journal
    ["rmSync", 2, "after"],
    ["rmSync", 3, "before"], // of the lock file
    ["rmSync", 3, "after"],
  ];
  it.each(points)("%s, call %i, %s", async (call, count, when) => {
    await killedAt("tensor", { call, count, when });
  });
});

it("killed again while it resumes", async () => {
  const out = join(folder, "twice", "out");
  const task = taskOf("model", out, {
    call: "onProgress",
    count: Math.floor(0.5 * progressCount),
    when: "before",
  });
  expect(runMergeChild(task).signal).toBe("SIGKILL");
  const merges = task.merges.map(({ recipe, options }) => ({
    recipe,
    options: { ...options, resume: true },
  }));
  const kill = { call: "writeSync", count: 3, when: "before" } as const;
  expect(runMergeChild({ merges, kill }).signal).toBe("SIGKILL");
  expect(await expectResumable("model", out)).toBeGreaterThan(5);
});
