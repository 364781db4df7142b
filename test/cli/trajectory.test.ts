/** `tiesmith trajectory` on the command line: a table, a report, refusals in one line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { tiesmith } from "./command-line.ts";

const RECIPE = join(TINYLANG, "expected", "ties", "recipe.yaml");
const TASK = join(TINYLANG, "tasks", "tc.yaml");
const MODELS = join(TINYLANG, "models");
const series = ["--series", join(MODELS, "ct-x-*"), join(MODELS, "ct-x"), "--x", "100,200,400"];
const tasks = ["--tasks", TASK, "--languages", "X", "--data", join(TINYLANG, "data"), "--limit", "5"];

describe("tiesmith trajectory", () => {
  it("prints a line a checkpoint, and writes a report", () => {
    const folder = temporaryFolder();
    const words = ["trajectory", RECIPE, ...series, "--x-title", "steps", ...tasks, "--cache", "answers"];
    const also = ["--also", `SFT=${join(MODELS, "sft")}`, "--report", "seen"];
    const { stdout, stderr, status } = tiesmith([...words, ...also], folder);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(
      /^X, average over the tasks\ncheckpoint of ct-x +steps +merged +ct-x alone +SFT +sft discarded\n/,
    );
    expect(stdout).toMatch(/\nct-x-100 +100 +\d+\.\d\d ± .* +2\.15%\n/);
    expect(stdout).toMatch(/\nmerged +[▁-█]{3}\n/);
    expect(stdout).toMatch(/of which merging .*\n\nWrote 10 files to seen; open seen\/report\.html\n$/);
    expect(readFileSync(join(folder, "seen/report.md"), "utf8")).toContain("](figures/trajectory-x.svg)");
  }, 60_000);

  it.each([
    ["no series", tasks, /--series CHECKPOINTS/],
    ["no task", series, /--tasks TASKS/],
    ["a curve without a name", [...series, ...tasks, "--also", "sft"], /NAME=MODEL .* --also/],
    ["a series that is not there", ["--series", "none-*", ...tasks], /no folder matches/],
  ] as const)("refuses %s", (_what, words, message) => {
    const { status, stdout, stderr } = tiesmith(["trajectory", RECIPE, ...words], temporaryFolder());
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^tiesmith: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
});
