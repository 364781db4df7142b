/** The journal: what a kill leaves, and what several processes write. */
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendToJournal, readJournal, type TrialRecord } from "../../src/search/journal.ts";
import { newFolder } from "../evaluate/task-builder.ts";

function record(number: number, objective = 0.5): TrialRecord {
  return {
    ...{ kind: "trial", key: `ties-${number}`, method: "ties", number, round: 0, parameters: { k: number } },
    ...{ status: "done", objective, scores: [], rows: 4, mergeSeconds: 1, evaluateSeconds: 2 },
    ...{ evaluatedRows: 4, evaluatedTokens: 9, recipeHash: "a", modelHash: "b", error: null },
    ...{ host: "h", pid: 1, finishedAt: "2026-01-01T00:00:00.000Z" },
  };
}

const newJournal = () => join(newFolder(), "journal.jsonl");

describe("a journal", () => {
  it("gives back what was written", () => {
    const path = newJournal();
    for (const number of [0, 1, 2]) appendToJournal(path, record(number));
    expect([...readJournal(path).trials.values()]).toEqual([record(0), record(1), record(2)]);
  });

  it("loses only the record that was being written, wherever the writer was killed", () => {
    const path = newJournal();
    for (const number of [0, 1, 2]) appendToJournal(path, record(number));
    const whole = readFileSync(path);
    const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1;
    fc.assert(
      fc.property(fc.integer({ min: lastStart, max: whole.length - 1 }), (length) => {
        writeFileSync(path, whole);
        truncateSync(path, length);
        expect([...readJournal(path).trials.keys()]).toEqual(["ties-0", "ties-1"]);
        // The next one begins on a line of its own.
        appendToJournal(path, record(2));
        expect([...readJournal(path).trials.values()]).toEqual([record(0), record(1), record(2)]);
      }),
      { numRuns: 30 },
    );
  });

  it("takes the first of two records about one trial", () => {
    const path = newJournal();
    appendToJournal(path, record(0, 0.25));
    appendToJournal(path, record(0, 0.75));
    expect(readJournal(path).trials.get("ties-0")?.objective).toBe(0.25);
  });

  it("skips lines that are nothing", () => {
    const path = newJournal();
    appendToJournal(path, record(0));
    appendFileSync(path, '\n{"kind":"trial","key"\n\0\0\0\nnull\n');
    appendToJournal(path, record(1));
    expect([...readJournal(path).trials.keys()]).toEqual(["ties-0", "ties-1"]);
  });

  it("of a later format is refused", () => {
    const path = newJournal();
    writeFileSync(path, '{"kind":"begin","format":2}\n');
    expect(() => readJournal(path)).toThrow(/Expected a journal of format 1 at .* but found format 2/);
  });

  it("that is not there is refused", () => {
    expect(() => readJournal(newJournal())).toThrow(/Expected a search's journal at .*, but found nothing/);
  });
});
