/** Searches that are killed at random points, and several processes on one: no trial is lost, none runs twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { readSearch, search } from "tiesmith";
import { describe, expect, it } from "vitest";
import { newFolder } from "../evaluate/task-builder.ts";
import { SMALL, TIES } from "./search-builder.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SPEC = { ...SMALL, rows: 1, space: { k_ct: [0.2, 0.4, 0.6, 0.8, 1], lambda: [1] } };
const TRIALS = 5;

/** Where no signal is sent: the search helps itself. */
const SELF = { backend: { kind: "llama", threads: 1 }, threads: 1 } as const;

/** A process that works on a search, and writes the id of each trial that it has done into `log`. */
function start(out: string, temporary: string, log: string, spec: object = SPEC): ChildProcess {
  const options = { out, temporary, threads: 1, backend: { kind: "llama", threads: 1 } };
  const script = `
    import { appendFileSync } from "node:fs";
    import { search } from "tiesmith";
    const onTrial = ({ id }) => appendFileSync(${JSON.stringify(log)}, id + "\\n");
    await search(${JSON.stringify(spec)}, { ...${JSON.stringify(options)}, onTrial });`;
  const path = join(newFolder(), "worker.mjs");
  writeFileSync(path, script.replace('"tiesmith"', JSON.stringify(join(ROOT, "dist", "index.js"))));
  return spawn(process.execPath, [path], { stdio: ["ignore", "inherit", "inherit"] });
}

interface Line {
  readonly kind: string;
  readonly key: string;
  readonly pid: number;
  readonly objective: number;
}

/** The trials that the journal tells, one for each line. */
function trialLines(out: string): Line[] {
  const path = join(out, "journal.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line): Line[] => {
    try {
      const record = JSON.parse(line) as Line;
      return record.kind === "trial" ? [record] : [];
    } catch {
      return [];
    }
  });
}

const keys = (out: string) =>
  trialLines(out)
    .map(({ key }) => key)
    .sort();
const ALL = Array.from({ length: TRIALS }, (_, number) => `ties-${number}`);

async function finish(child: ChildProcess): Promise<void> {
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
}

describe("a search that is killed with -9", () => {
  it("goes on from every point: what was written down stays, the rest is run, nothing runs twice", async () => {
    const [out, temporary, log] = [newFolder(), newFolder(), join(newFolder(), "log")];
    const delays = fc.sample(fc.integer({ min: 0, max: 900 }), { numRuns: 4, seed: 7 });
    let before: Line[] = [];
    for (const delay of delays) {
      const known = before.length;
      const child = start(out, temporary, log);
      // The kill falls between two journal lines, or just behind one.
      const deadline = performance.now() + 20_000;
      while (trialLines(out).length === known && child.exitCode === null && performance.now() < deadline)
        await sleep(5);
      await sleep(delay / 6);
      if (child.exitCode !== null) break;
      child.kill("SIGKILL");
      await once(child, "exit");
      const now = trialLines(out);
      expect(now.slice(0, known)).toEqual(before);
      before = now;
    }
    await finish(start(out, temporary, log));
    expect(keys(out)).toEqual(ALL);
    expect(trialLines(out).slice(0, before.length)).toEqual(before);
    expect(await readSearch(out)).toMatchObject({ complete: true, trials: { length: TRIALS } });
    // What the killed ones left is gone.
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("at the moment of its first claims leaves them to others", async () => {
    const [out, temporary, log] = [newFolder(), newFolder(), join(newFolder(), "log")];
    const child = start(out, temporary, log);
    const claims = join(out, "claims");
    while (!existsSync(join(claims, "ties-0.0"))) await sleep(2);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(keys(out)).toEqual([]);
    await finish(start(out, temporary, log));
    expect(keys(out)).toEqual(ALL);
    expect(readdirSync(claims)).toContain("ties-0.1");
  });

  it("between an outcome and its line in the journal loses neither", async () => {
    const [out, temporary, log] = [newFolder(), newFolder(), join(newFolder(), "log")];
    await finish(start(out, temporary, log));
    const journal = join(out, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    // As if the last two lines had never been written, one of them torn.
    const [torn = "", ...rest] = lines.splice(-3);
    expect(rest).toHaveLength(2);
    writeFileSync(journal, `${lines.join("\n")}\n${torn.slice(0, 80)}`);
    await finish(start(out, temporary, log));
    expect(keys(out)).toEqual(ALL);
    // Both were known: nothing ran again.
    expect(readFileSync(log, "utf8").trim().split("\n").sort()).toEqual(ALL);
  });
});

describe("two processes on one search", () => {
  it("share its trials: each is run once, by one of them, and both end", async () => {
    const [out, log] = [newFolder(), join(newFolder(), "log")];
    const children = [start(out, newFolder(), log), start(out, newFolder(), log)];
    await Promise.all(children.map(finish));
    expect(keys(out)).toEqual(ALL);
    expect(readFileSync(log, "utf8").trim().split("\n").sort()).toEqual(ALL);
    expect(new Set(trialLines(out).map(({ pid }) => pid)).size).toBe(2);
  });

  it("are one search with --jobs 2, whose listener hears of every trial once", async () => {
    const [out, temporary, heard] = [newFolder(), newFolder(), [] as string[]];
    const onTrial = ({ id }: { id: string }) => void heard.push(id);
    const results = await search(SPEC, { ...SELF, out, temporary, jobs: 2, onTrial });
    expect(results).toMatchObject({ complete: true, trials: { length: TRIALS } });
    expect(keys(out)).toEqual(ALL);
    expect(heard.sort()).toEqual(ALL);
    expect(readdirSync(temporary)).toEqual([]);
    await expect(search(SPEC, { ...SELF, out, jobs: 0 })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("find what one finds, also when one of them is killed", async () => {
    const [out, alone, log] = [newFolder(), newFolder(), join(newFolder(), "log")];
    const [first, second] = [start(out, newFolder(), log), start(out, newFolder(), log)];
    while (trialLines(out).length < 2) await sleep(5);
    first?.kill("SIGKILL");
    await finish(second as ChildProcess);
    expect(keys(out)).toEqual(ALL);
    await finish(start(alone, newFolder(), log));
    const scores = (folder: string) =>
      Object.fromEntries(trialLines(folder).map(({ key, objective }) => [key, objective]));
    expect(scores(out)).toEqual(scores(alone));
  });

  it("of a strategy that learns do not try one point twice", async () => {
    const [out, log] = [newFolder(), join(newFolder(), "log")];
    const spec = { ...SPEC, strategy: "tpe", trials: 5, methods: { ties: { recipe: TIES } } };
    await Promise.all([start(out, newFolder(), log, spec), start(out, newFolder(), log, spec)].map(finish));
    const { trials, complete } = await readSearch(out);
    expect(complete).toBe(true);
    expect(new Set(trials.map(({ parameters }) => parameters.k_ct)).size).toBe(TRIALS);
  });
});
