/** An overwriting merge that is killed: OUT is the old model or the new one, and neither is lost. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merge, type RecipeInput } from "tiesmith";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addon } from "../../src/native/addon.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { type ChildTask, runMergeChild } from "../execute/merge-process.ts";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, writeFaultModels } from "./fault-models.ts";

let folder = "";
let place = "";
let out = "";
let oldFacts: unknown;
let newFacts: unknown;
let tensorCount = 0;

const linear = (weight: number): RecipeInput => ({
  merge_method: "linear",
  models: ["ct", "sft"].map((model) => ({ model: join(folder, model), parameters: { weight } })),
  parameters: { normalize: false },
});
const overwrite = { ...FAULT_OPTIONS, overwrite: true };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  place = join(folder, "place");
  out = join(place, "out");
  ({ tensorCount } = await merge(linear(0.25), { ...FAULT_OPTIONS, out }));
  newFacts = folderFacts(out);
});
beforeEach(async () => {
  rmSync(place, { recursive: true });
  await merge(linear(0.5), { ...FAULT_OPTIONS, out });
  oldFacts = folderFacts(out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function kill(call: string, count: number, when: "before" | "after", withoutExchange = false): void {
  const task: ChildTask = {
    merges: [{ recipe: linear(0.25), options: { ...overwrite, out } }],
    kill: { call, count, when },
    withoutExchange,
  };
  expect(runMergeChild(task)).toMatchObject({ signal: "SIGKILL", answer: {} });
}

/** The same command with `resume`: whatever was left, the new model is at OUT and nothing beside it. */
async function expectGoesOn(resumedTensors: number): Promise<void> {
  const result = await merge(linear(0.25), { ...overwrite, out, resume: true });
  expect(result.resumedTensors).toBe(resumedTensors);
  expect(folderFacts(out)).toEqual(newFacts);
  expect(readdirSync(place)).toEqual(["out"]);
}

describe("killed around the exchange, OUT is always there:", () => {
  it.each([
    ["before the journal is moved out", 1, "before"],
    ["before the exchange", 1, "after"],
  ] as const)("the old model %s, and all work is taken over", async (_, count, when) => {
    kill("renameSync", count, when);
    expect(folderFacts(out)).toEqual(oldFacts);
    await expectGoesOn(tensorCount);
  });

  it("the new model after the exchange", async () => {
    kill("renameSync", 2, "before");
    expect(folderFacts(out)).toEqual(newFacts);
    // The old model has the name of what is merged; its bytes are not what the journal says.
    expect(folderFacts(`${out}.partial`)).toEqual(oldFacts);
    await expectGoesOn(0);
  });

  it("the new model before the old one is removed", async () => {
    kill("renameSync", 2, "after");
    expect(folderFacts(out)).toEqual(newFacts);
    expect(folderFacts(`${out}.partial.replaced`)).toEqual(oldFacts);
    await expectGoesOn(0);
  });
});

describe("killed where two folders cannot be exchanged,", () => {
  it("between the two renames, both models are kept, and the next run puts the old one back", async () => {
    kill("renameSync", 2, "after", true);
    expect(existsSync(out)).toBe(false);
    expect(folderFacts(`${out}.partial.replaced`)).toEqual(oldFacts);
    await expect(merge(linear(0.25), { ...FAULT_OPTIONS, out, resume: true })).rejects.toMatchObject({
      code: "OUTPUT_EXISTS",
      message: expect.stringMatching(/interrupted --overwrite left.*out\.partial\.replaced/),
    });
    await expectGoesOn(tensorCount);
  });

  it("and then discarded, the old model is replaced in the end", async () => {
    kill("renameSync", 2, "after", true);
    await merge(linear(0.25), { ...overwrite, out, restart: true });
    expect(folderFacts(out)).toEqual(newFacts);
    expect(readdirSync(place)).toEqual(["out"]);
  });

  it("after both renames, the new model is there", async () => {
    kill("renameSync", 3, "after", true);
    expect(folderFacts(out)).toEqual(newFacts);
    await expectGoesOn(0);
  });
});

it("overwriting without an exchange leaves nothing behind", () => {
  const merges = [{ recipe: linear(0.25), options: { ...overwrite, out } }];
  expect(runMergeChild({ merges, withoutExchange: true }).answer).toMatchObject({ results: [{ out }] });
  expect(folderFacts(out)).toEqual(newFacts);
  expect(readdirSync(place)).toEqual(["out"]);
});

describe("exchanging two paths", () => {
  it("swaps them, or says what is missing", () => {
    const root = temporaryFolder();
    expect(() => addon().exchangePaths(join(root, "a"), join(root, "b"))).toThrow(/renameat2.*No such file/);
    expect(() => addon().exchangePaths(root, 1 as unknown as string)).toThrow(TypeError);
  });
});
