/** A mapped page that vanishes ends the native call, not the process; SIGBUS is left alone otherwise. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { inFullFileSystem, whyNoFullFileSystem } from "../faults/full-file-system.ts";

const CALLS = [
  "tallyTrim",
  "tallySlack",
  "blockNorms",
  "compare",
  "linear",
  "task",
  "ties",
  "hashRange",
  "copyRange",
];
const BYTES = 1 << 22;

const scriptOf = (name: string) => join(import.meta.dirname, name);

interface Thrown {
  readonly before: unknown;
  readonly thrown: unknown;
}

describe("a page that vanishes", () => {
  const run = (task: object) => {
    const script = scriptOf("vanishing-pages.mjs");
    return spawnSync(process.execPath, [script, JSON.stringify(task)], { encoding: "utf8", timeout: 60_000 });
  };

  it("because the file was cut short: every call throws, and tells the file and its size", () => {
    const folder = temporaryFolder();
    const { status, signal, stdout, stderr } = run({ folder, way: "shrunk" });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const answers = JSON.parse(stdout) as Record<string, Thrown>;
    expect(Object.keys(answers)).toEqual(CALLS);
    const thrown = { path: join(folder, "vanishing"), byteOffset: 0, neededBytes: BYTES, foundBytes: 4096 };
    for (const [name, answer] of Object.entries(answers))
      expect(answer, name).toEqual({ before: null, thrown });
  });

  it.skipIf(whyNoFullFileSystem !== null)("though the file keeps its size: every call throws", () => {
    const folder = temporaryFolder();
    const task = JSON.stringify({ folder, way: "full" });
    const { status, signal, stdout, stderr } = inFullFileSystem(folder, 3 * BYTES, [
      scriptOf("vanishing-pages.mjs"),
      task,
    ]);
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const answers = JSON.parse(stdout) as Record<string, Thrown>;
    expect(Object.keys(answers)).toEqual(CALLS);
    for (const [name, { thrown }] of Object.entries(answers))
      expect(thrown, name).toMatchObject({ path: join(folder, "vanishing"), foundBytes: BYTES });
  });

  it("again and again, under two threads: the calls fail, the process lives, and can read afterwards", () => {
    const { status, signal, stdout, stderr } = run({
      folder: temporaryFolder(),
      way: "restless",
      threads: 2,
    });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const { answers, afterwards } = JSON.parse(stdout) as {
      answers: Record<string, number>[];
      afterwards: Record<string, unknown>;
    };
    expect(answers.length).toBe(2);
    for (const failed of answers)
      for (const name of CALLS) expect(failed[name], name).toBeGreaterThanOrEqual(20);
    expect(afterwards).toEqual(Object.fromEntries(CALLS.map((name) => [name, null])));
  });
});

describe("SIGBUS", () => {
  const run = (scenario: string) => {
    const path = join(temporaryFolder(), "bytes");
    writeFileSync(path, Buffer.alloc(64));
    return spawnSync(process.execPath, [scriptOf("signal-actions.mjs"), path, scenario], {
      encoding: "utf8",
      timeout: 60_000,
    });
  };
  const answerOf = (scenario: string) => {
    const { status, signal, stdout, stderr } = run(scenario);
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    return JSON.parse(stdout) as unknown;
  };

  it("is handled from the first mapping to the last", () => {
    expect(answerOf("alone")).toEqual({ before: false, during: true, after: false });
  });

  it("from elsewhere still ends the process", () => {
    expect(run("sent")).toMatchObject({ signal: "SIGBUS", stdout: "" });
  });

  it("reaches a handler that was there before, then and afterwards", () => {
    expect(answerOf("below ours")).toEqual({ during: 1, after: 1 });
  });

  it("is left to a handler that came later; once that is gone, the next mapping guards again", () => {
    expect(answerOf("above ours")).toEqual({
      during: 1,
      after: 1,
      removed: false,
      guarded: true,
      closed: false,
    });
  });
});
