/** `tiesmith search` on the command line: the whole of a small search, and what looks at it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { SMALL, TIES, writeSpec } from "../search/search-builder.ts";
import { type Outcome, tiesmith } from "./command-line.ts";

const SPEC = { ...SMALL, rows: 2, space: { k_ct: [0.2, 1], lambda: [1] } };

function refused({ status, stderr, stdout }: Outcome, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect([status, stdout]).toEqual([2, ""]);
}

describe("tiesmith search", () => {
  const spec = writeSpec(SPEC);
  const folder = join(spec, "..");

  it("searches into the spec's folder, and tells winners, rows and cost", () => {
    const { status, stdout, stderr } = tiesmith(["search", "search.yaml", "--threads", "1"], folder);
    expect([status, stderr.replace(/tiesmith: .*trials.*\n/g, "")]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Best on dev rows +objective +tinylang-rate X +parameters\n\* ties-\d +/);
    expect(stdout).toMatch(/Tuned on 2 rows of tinylang-rate X dev/);
    expect(stdout).toMatch(
      /2 trials in .*: [\d.]+ s to merge and [\d.]+ s to score one.*merging took [\d.]+/,
    );
    const json = JSON.parse(tiesmith(["search", "search.yaml", "--json"], folder).stdout);
    expect(json).toMatchObject({ complete: true, trials: { length: 2 } });
  });

  it("status tells how far it is", () => {
    const { stdout } = tiesmith(["search", "status", "search"], folder);
    expect(stdout).toMatch(/^grid search, complete; objective: the average over/);
    expect(stdout).toMatch(/\nties +2 +2 +0\n/);
    const json = JSON.parse(tiesmith(["search", "status", "search/journal.jsonl", "--json"], folder).stdout);
    expect(json).toMatchObject({ results: { complete: true }, running: [] });
  });

  it("best prints a recipe that merge takes", () => {
    const { stdout } = tiesmith(["search", "best", "search", "--method", "ties"], folder);
    writeFileSync(join(folder, "best.yaml"), stdout);
    expect(parse(stdout)).toMatchObject({ merge_method: "ties", parameters: { lambda: 1 } });
    expect(tiesmith(["plan", "best.yaml"], folder).status).toBe(0);
    const winner = JSON.parse(tiesmith(["search", "best", "search", "--json"], folder).stdout);
    expect(winner).toMatchObject({ method: "ties", recipe: stdout });
    refused(
      tiesmith(["search", "best", "search", "--method", "tie"], folder),
      /a winner of tie in search, but known are ties/,
    );
  });

  it("export writes CSV, or all of it as JSON", () => {
    const { stdout } = tiesmith(["search", "export", "search"], folder);
    expect(stdout.split("\r\n")).toHaveLength(4);
    expect(tiesmith(["search", "export", "search", "--out", "trials.csv"], folder).stdout).toBe("");
    expect(readFileSync(join(folder, "trials.csv"), "utf8")).toBe(stdout);
    const json = JSON.parse(tiesmith(["search", "export", "search", "--json"], folder).stdout);
    expect(json.trials).toHaveLength(2);
  });

  it.each([
    ["no spec", ["search"], /Expected the search's YAML/],
    ["a spec that is not there", ["search", "lost.yaml"], /a search's spec at lost.yaml, but found nothing/],
    [
      "a lease of nothing",
      ["search", "search.yaml", "--lease", "0"],
      /at least 1 for --lease, but received "0"/,
    ],
    ["an unknown option", ["search", "search.yaml", "--outt", "x"], /--outt/],
    ["an unknown type", ["search", "search.yaml", "--gguf-type", "q9"], /q9/],
    [
      "no search to look at",
      ["search", "status", "nowhere"],
      /a search's journal at nowhere, but found nothing/,
    ],
  ])("refuses %s in one line", (_, words, message) => {
    refused(tiesmith(words, folder), message);
  });

  it("refuses what is wrong with a spec in one line, with its place", () => {
    const wrong = writeSpec(
      "methods: { ties: ties.yaml }\nspace: { k_ct: [0.2, 1.5] }\ntasks: [tasks/rate.yaml:X]\n",
      {
        "ties.yaml": { ...TIES, parameters: {} },
      },
    );
    const outcome = tiesmith(["search", wrong, "--out", temporaryFolder()], TINYLANG);
    refused(outcome, /density between 0 and 1 .* but received 1.5 \(ties.yaml:\d+\) \(k_ct = 1.5\)/);
  });
});
