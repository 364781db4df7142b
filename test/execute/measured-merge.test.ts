/** What a merge tells those who measure it: timers, and a trace. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "../faults/fault-models.ts";
import { runMergeChild } from "./merge-process.ts";
import { folderFacts } from "./merged-folder.ts";

const { batchCosts, OperationTimes, readTrace } = await import(
  new URL("../../scripts/bench/trace.mjs", import.meta.url).href
);
const { readPhases } = await import(new URL("../../scripts/bench/phases.mjs", import.meta.url).href);

const { threads } = FAULT_OPTIONS;
const TENSORS = 45;
const ELEMENTS = 42 * (1 << 16) + 3 * 600_001;
const LARGE_CHUNKS = 3 * 10;

let folder = "";
let plain: unknown;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  plain = folderFacts(mergeWith({}).out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function mergeWith(environment: Record<string, string>) {
  const out = join(folder, "out");
  rmSync(out, { recursive: true, force: true });
  const options = { ...FAULT_OPTIONS, out };
  const { answer, stderr } = runMergeChild(
    { merges: [{ recipe: faultRecipe(folder), options }] },
    environment,
  );
  expect(answer.error).toBeUndefined();
  return { out, stderr };
}

describe("TIESMITH_TIMERS", () => {
  it("unset, has a merge print nothing", () => {
    expect(mergeWith({}).stderr).toBe("merging\n");
  });

  it("prints a line for each thread", () => {
    const lines = mergeWith({ TIESMITH_TIMERS: "1" }).stderr.trim().split("\n").slice(1);
    expect(lines.length).toBe(threads);
    for (const line of lines)
      expect(line).toMatch(/^thread \d+: [\d.]+ s, [\d.]+ s idle; .*\d+ × combine [\d.]+ s/);
  });

  it("as json, accounts for the time of each thread, and for what was read", () => {
    const { out, stderr } = mergeWith({ TIESMITH_TIMERS: "json" });
    expect(folderFacts(out)).toEqual(plain);
    const told = stderr
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => JSON.parse(line));
    expect(told.map(({ thread }) => thread).sort()).toEqual(Array.from({ length: threads }, (_, i) => i + 1));
    type Call = { count: number; cpu: number; asleep: number; queued: number; readBytes: number };
    for (const { seconds, idle, calls } of told) {
      const all = Object.values(calls as Record<string, Call>);
      for (const call of all)
        expect(Math.min(call.cpu, call.queued, call.count - 1)).toBeGreaterThanOrEqual(0);
      const inCalls = all.reduce((sum, { cpu, asleep, queued }) => sum + cpu + asleep + queued, 0);
      expect(inCalls + idle).toBeLessThan(seconds + 0.01);
      expect(inCalls).toBeGreaterThan(0);
    }
    const readBy = (name: string) =>
      told.reduce((sum, { calls }) => sum + ((calls as Record<string, Call>)[name]?.readBytes ?? 0), 0);
    // A chunk is drafted where its ties are few, and combined where they are not.
    expect(readBy("combine") + readBy("draftTies")).toBe(3 * 2 * ELEMENTS);
  });

  it("as json, is what the bench's phases are made of", () => {
    const { stderr } = mergeWith({ TIESMITH_TIMERS: "json" });
    const phases = readPhases(stderr, 60);
    expect(phases.measure).toBeGreaterThan(0);
    expect(phases.combine).toBeGreaterThan(0);
    expect(phases.write).toBeGreaterThan(0);
    expect(phases.outside).toBeGreaterThan(0);
    // Trim, norms and slack go through the inputs, too.
    expect(phases.readBytes).toBeGreaterThan(2 * 3 * 2 * ELEMENTS);
    expect(readPhases("no timers here\n", 60)).toBeNull();
  });
});

describe("TIESMITH_TRACE", () => {
  it("writes each batch with its operations, and what the main thread did", () => {
    const file = join(folder, "trace.jsonl");
    const { out } = mergeWith({ TIESMITH_TRACE: file });
    expect(folderFacts(out)).toEqual(plain);
    const { main, batches } = readTrace(file);
    expect(main).toMatchObject({ threads, batches: batches.length });
    expect(main.busy).toBeGreaterThan(0);
    expect(main.busy).toBeLessThan(main.ended - main.started + 1);
    type Traced = { kind: string; tensor?: string; chunk?: number; busy: number; waited: number };
    const operations: Traced[] = batches.flatMap((batch: { operations: Traced[] }) => batch.operations);
    const combined = operations.filter(({ kind }) => kind === "combine");
    expect(combined.length).toBe(LARGE_CHUNKS);
    expect(new Set(combined.map(({ tensor, chunk }) => `${tensor} ${chunk}`)).size).toBe(LARGE_CHUNKS);
    const whole = operations.filter(({ kind }) => kind === "whole");
    expect(new Set(whole.map(({ tensor }) => tensor)).size).toBe(TENSORS - 3);
    for (const { waited } of [...combined, ...whole]) expect(waited).toBeGreaterThan(0);
    for (const { started, ended, operations: own } of batches) {
      expect(started).toBeGreaterThanOrEqual(main.started);
      expect(ended).toBeLessThanOrEqual(main.ended);
      const spent = own.reduce((sum: number, { busy, waited }: Traced) => sum + busy + waited, 0);
      expect(spent).toBeLessThanOrEqual(ended - started + 0.01);
    }
    expect(batchCosts({ main, batches }).main).toBeCloseTo(main.busy / batches.length);
  });

  it("is not written where it is not asked for", () => {
    const file = join(folder, "no-trace.jsonl");
    mergeWith({});
    expect(existsSync(file)).toBe(false);
  });

  it("is refused while its run has not ended", () => {
    const file = join(temporaryFolder(), "trace.jsonl");
    mergeWith({ TIESMITH_TRACE: file });
    const begun = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => !line.includes('"main"'));
    const cut = join(temporaryFolder(), "cut.jsonl");
    writeFileSync(cut, begun.join("\n"));
    expect(() => readTrace(cut)).toThrow(/Expected one run in the trace .*, but found 0/);
  });

  it("tells the time of what it holds, and of others of the kind by their elements", () => {
    const operations = [
      { kind: "combine", tensor: "a", chunk: 0, busy: 10, waited: 4 },
      { kind: "combine", tensor: "a", chunk: 1, busy: 5, waited: 2 },
    ];
    const trace = { main: {}, batches: [{ operations }] };
    const times = new OperationTimes(trace, ({ chunk }: { chunk: number }) => (chunk === 0 ? 100 : 50));
    expect(times.of({ kind: "combine", tensor: "a", chunk: 1 }, 50)).toMatchObject({ busy: 5, waited: 2 });
    expect(times.of({ kind: "combine", tensor: "b", chunk: 0 }, 10)).toMatchObject({ busy: 1, waited: 0.4 });
    expect(() => times.of({ kind: "draft", tensor: "a" }, 1)).toThrow(/nothing of the kind was traced/);
  });
});
