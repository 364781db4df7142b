/** Two merges into one OUT: one is refused, and the other does not notice. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rolldown } from "rolldown";
import { type MergeOptions, merge, plan } from "tiesmith";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ChildAnswer, MERGE_CHILD } from "../execute/merge-process.ts";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";

let folder = "";
let place = "";
let out = "";
let finished: unknown;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  place = join(folder, "place");
  out = join(place, "out");
  await merge(faultRecipe(folder), { ...FAULT_OPTIONS, out });
  finished = folderFacts(out);
  rmSync(place, { recursive: true });
});
afterEach(() => rmSync(place, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mergeHere = (options: Partial<MergeOptions> = {}) =>
  merge(faultRecipe(folder), { ...FAULT_OPTIONS, out, ...options });

function startChild(options: Partial<MergeOptions> = {}): ChildProcess {
  const merges = [{ recipe: faultRecipe(folder), options: { ...FAULT_OPTIONS, out, ...options } }];
  return spawn(process.execPath, [MERGE_CHILD, JSON.stringify({ merges })], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

async function answerOf(child: ChildProcess): Promise<ChildAnswer> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  await once(child, "close");
  return JSON.parse(text) as ChildAnswer;
}

/** A merge in another process that stands still in the middle of its work. */
async function stoppedMerge(options: Partial<MergeOptions> = {}): Promise<ChildProcess> {
  const child = startChild(options);
  while (!existsSync(join(`${out}.partial`, "journal.jsonl"))) await sleep(1);
  child.kill("SIGSTOP");
  return child;
}

const BUSY = { code: "OUTPUT_BUSY", message: expect.stringMatching(/only merge into .*out, but another/) };
const ways: [what: string, options: Partial<MergeOptions>][] = [
  ["plainly", {}],
  ["with resume", { resume: true }],
  ["with restart", { restart: true }],
  ["with overwrite", { overwrite: true }],
  ["with overwrite and restart", { overwrite: true, restart: true }],
];

describe("a second merge into the OUT of a running one is refused", () => {
  it.each(ways)("%s, and the first ends unharmed", async (_, options) => {
    const first = await stoppedMerge();
    const before = readdirSync(place);
    await expect(mergeHere(options)).rejects.toMatchObject(BUSY);
    expect(readdirSync(place)).toEqual(before);
    first.kill("SIGCONT");
    expect(await answerOf(first)).toMatchObject({ results: [{ out }] });
    expect(folderFacts(out)).toEqual(finished);
    expect(readdirSync(place)).toEqual(["out"]);
  });

  it("while it overwrites, too", async () => {
    await mergeHere();
    const first = await stoppedMerge({ overwrite: true });
    for (const [, options] of ways) await expect(mergeHere(options)).rejects.toMatchObject(BUSY);
    expect(folderFacts(out)).toEqual(finished);
    first.kill("SIGCONT");
    expect(await answerOf(first)).toMatchObject({ results: [{ out }] });
    expect(readdirSync(place)).toEqual(["out"]);
  });

  it("in the same process, and under another name of the folder", async () => {
    const seconds: Promise<unknown>[] = [];
    await mergeHere({
      onProgress: () => {
        if (seconds.length > 0) return;
        for (const second of [out, join(place, "..", "place", "out")])
          seconds.push(expect(mergeHere({ out: second, resume: true })).rejects.toMatchObject(BUSY));
      },
    });
    expect(seconds).toHaveLength(2);
    await Promise.all(seconds);
    expect(folderFacts(out)).toEqual(finished);
  });

  it("by plan already", async () => {
    const first = await stoppedMerge();
    expect(plan(faultRecipe(folder), { out, resume: true }).problems).toMatchObject([BUSY]);
    first.kill("SIGCONT");
    await once(first, "close");
    expect(plan(faultRecipe(folder), { out }).problems).toMatchObject([{ code: "OUTPUT_EXISTS" }]);
  });

  it("whoever comes first: of four that start at once one writes OUT", async () => {
    const children = Array.from({ length: 4 }, (_, i) =>
      startChild({ resume: i % 2 === 0, restart: i % 2 === 1 }),
    );
    const answers = await Promise.all(children.map(answerOf));
    expect(answers.filter(({ results }) => results !== undefined)).toHaveLength(1);
    for (const { error } of answers)
      if (error !== undefined) expect(["OUTPUT_BUSY", "OUTPUT_EXISTS"]).toContain(error.code);
    expect(folderFacts(out)).toEqual(finished);
    expect(readdirSync(place)).toEqual(["out"]);
  });
});

describe("the lock", () => {
  it("dies with the process that held it", async () => {
    const first = await stoppedMerge();
    first.kill("SIGKILL");
    await once(first, "close");
    expect(readdirSync(place)).toEqual(["out.partial", "out.partial.lock"]);
    await mergeHere({ resume: true });
    expect(folderFacts(out)).toEqual(finished);
    expect(readdirSync(place)).toEqual(["out"]);
  });

  it("is not taken for granted: a file of its name that holds something stays", async () => {
    await mergeHere();
    writeFileSync(`${out}.partial.lock`, "mine");
    await mergeHere({ overwrite: true });
    expect(readdirSync(place)).toEqual(["out", "out.partial.lock"]);
  });

  it("is held by one at a time, however often its file is removed and made again", async () => {
    const children = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", HAMMER]),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, "close"))[0]));
    expect(codes).toEqual([0, 0, 0]);
  });
});

/** Takes the lock 300 times, and makes a file meanwhile that must not be there yet. */
const lockModule = join(import.meta.dirname, "..", "..", "build", `output-lock-${process.pid}.mjs`);
beforeAll(async () => {
  const input = join(import.meta.dirname, "..", "..", "src", "execute", "output-lock.ts");
  const bundle = await rolldown({ input, platform: "node" });
  await bundle.write({ file: lockModule, format: "es" });
});
afterAll(() => rmSync(lockModule, { force: true }));
const HAMMER = `
  import { closeSync, openSync, rmSync } from "node:fs";
  import { withOutputLock } from ${JSON.stringify(lockModule)};
  const out = ${JSON.stringify(join(tmpdir(), `tiesmith-lock-${process.pid}`, "out"))};
  for (let taken = 0; taken < 300; ) {
    try {
      await withOutputLock(out, async () => {
        closeSync(openSync(out + ".alone", "wx"));
        await new Promise(setImmediate);
        rmSync(out + ".alone");
        taken += 1;
      });
    } catch (error) {
      if (error.code !== "OUTPUT_BUSY") throw error;
      await new Promise(setImmediate);
    }
  }`;
afterAll(() => rmSync(join(tmpdir(), `tiesmith-lock-${process.pid}`), { recursive: true, force: true }));
