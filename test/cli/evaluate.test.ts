/** `tiesmith evaluate`, `tasks` and `export` on the command line: tables, JSON, refusals in one line. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { type Outcome, tiesmith } from "./command-line.ts";

const DATA = join(TINYLANG, "data");
const task = (name: string) => join(TINYLANG, "tasks", `${name}.yaml`);
const model = (name: string) => join(TINYLANG, "models", name);
const PUBLISHED = join(import.meta.dirname, "../evaluate/published");

/** Fails with one line on stderr. */
function refused(outcome: Outcome, status: number, message: RegExp): void {
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
}

describe("tiesmith evaluate", () => {
  it("prints tables like the paper's: models × languages, then models × tasks", () => {
    const folder = temporaryFolder();
    const tasks = [task("tc"), task("math")].join(",");
    const words = [
      "evaluate",
      model("base"),
      model("sft"),
      model("ct-x"),
      "--tasks",
      tasks,
      "--languages",
      "A,X",
    ];
    const common = ["--data", DATA, "--limit", "12", "--cache", "cache", "--threads", "1"];
    const { status, stdout } = tiesmith([...words, ...common, "--quiet", "--out", "results"], folder);
    expect([status, stdout]).toEqual([0, ""]);
    expect(existsSync(join(folder, "results/results.json"))).toBe(true);
    const shown = tiesmith([...words, ...common], folder);
    expect(shown.stdout).toMatch(/^Average over the tasks of each language +A +X +Average\n/);
    expect(shown.stdout).toMatch(
      /\nA +TC +Math +Average\nbase +.*\nsft +100\.00 ± 0\.00 +100\.00 ± 0\.00 +100\.00 ± 0\.00\n/,
    );
    expect(shown.stdout).toMatch(
      /sft against base, tinylang-math A: \+100\.00 points \(95 % interval .* p < 0\.001\)/,
    );
    expect(shown.stdout).toMatch(/144 rows in .*, 144 of them answered before\n$/);
    const markdown = tiesmith([...words, ...common, "--markdown"], folder).stdout;
    expect(markdown).toMatch(/\| A \| TC \| Math \| Average \|\n\| --- \| ---: \| ---: \| ---: \|\n/);
    expect(markdown).toMatch(/\| sft \| \*\*100\.00 ± 0\.00\*\*/);
    expect(markdown).toMatch(/<u>/);
    const json = JSON.parse(tiesmith([...words, ...common, "--json"], folder).stdout);
    expect(json.scores).toHaveLength(12);
    expect(json.averages).toHaveLength(9);
  });

  it("writes a report, and refuses a folder of other files before it asks a model", () => {
    const folder = temporaryFolder();
    const words = ["evaluate", model("sft"), "--tasks", task("tc"), "--languages", "A", "--data", DATA];
    const common = ["--limit", "3", "--cache", "cache", "--threads", "1"];
    const { stdout } = tiesmith([...words, ...common, "--report", "seen"], folder);
    expect(stdout).toMatch(/\nWrote 6 files to seen; open seen\/report\.html\n$/);
    expect(readFileSync(join(folder, "seen/report.html"), "utf8")).toContain("Text: ");
    refused(tiesmith([...words, ...common, "--report", "cache"], folder), 2, /hold an earlier report/);
  });

  it.each([
    ["no task", [], /--tasks TASKS/],
    ["an unknown task", ["--tasks", "sib20:tam"], /did you mean sib200\?/],
    ["an unknown language", ["--tasks", "sib200:tamm", "--data", PUBLISHED], /did you mean tam\?/],
    [
      "an unknown split",
      ["--tasks", "sib200:tam", "--data", PUBLISHED, "--split", "tset"],
      /did you mean test\?/,
    ],
    [
      "data that are not there",
      ["--tasks", "belebele:tam", "--data", PUBLISHED],
      /facebookresearch\/belebele \(CC BY-SA/,
    ],
    [
      "a server without an address",
      ["--tasks", "sib200:tam", "--data", PUBLISHED, "--backend", "openai"],
      /--url URL/,
    ],
    ["another backend", ["--tasks", "x", "--backend", "vllm"], /llama, openai, lm-eval/],
    ["a number that is none", ["--tasks", "x", "--limit", "0"], /at least 1 for --limit/],
  ])("refuses %s", (_, words, message) => {
    refused(tiesmith(["evaluate", model("base"), ...words, "--quiet"], temporaryFolder()), 2, message);
  });
});

describe("tiesmith tasks", () => {
  it("lists and explains the tasks", () => {
    const folder = temporaryFolder();
    expect(tiesmith(["tasks"], folder).stdout).toMatch(/\nmlic-math .*\n(.*\n)*sib200 /);
    const { stdout } = tiesmith(["tasks", "mgsm"], folder);
    expect(stdout).toMatch(/licence +CC BY 4\.0/);
    expect(JSON.parse(tiesmith(["tasks", "--json"], folder).stdout)).toHaveLength(7);
    refused(tiesmith(["tasks", "mgms"], folder), 2, /did you mean mgsm\?/);
  });

  it("counts the rows of a data folder, and names what is missing and where it is published", () => {
    const { stdout } = tiesmith(["tasks", "check", PUBLISHED], temporaryFolder());
    expect(stdout).toMatch(/mgsm +tel +dev +50 +50\n/);
    expect(stdout).toMatch(/sib200 +bod +test +204 +204\n/);
    expect(stdout).toMatch(/sib200 +bod +train +– +– +missing\n/);
    expect(stdout).toMatch(
      /missing: belebele, https:\/\/github\.com\/facebookresearch\/belebele \(CC BY-SA 4\.0\)\n/,
    );
    refused(tiesmith(["tasks", "check"], temporaryFolder()), 2, /tasks check FOLDER/);
  });
});

describe("tiesmith export", () => {
  it("writes a GGUF file and says so", () => {
    const folder = temporaryFolder();
    const words = ["export", "gguf", model("sft"), "--out", "sft.gguf", "--type", "q8_0"];
    const { status, stdout } = tiesmith(words, folder);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^Wrote sft\.gguf: llama as q8_0, 39 tensors, 1\.\d+ MB, in /),
    ]);
    refused(tiesmith(words, folder), 2, /sft\.gguf not to exist/);
    expect(JSON.parse(tiesmith([...words, "--overwrite", "--json"], folder).stdout)).toMatchObject({
      type: "q8_0",
      tensorCount: 39,
    });
  });

  it("refuses another format, no file, another type", () => {
    const folder = temporaryFolder();
    refused(tiesmith(["export", "onnx", model("sft"), "--out", "x"], folder), 2, /the format gguf/);
    refused(tiesmith(["export", "gguf", model("sft")], folder), 2, /--out FILE/);
    refused(
      tiesmith(["export", "gguf", model("sft"), "--out", "x", "--type", "q8"], folder),
      2,
      /did you mean q8_0\?/,
    );
  });
});
