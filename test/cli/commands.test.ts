/** What the commands print, and where. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BASE, MAIN, tiesmith, workspace, writeModel } from "./command-line.ts";

const SHORTHAND = ["--method", "ties", "--base", "base", "ct:density=1", "sft:density=0.5,weight=1"];

const weightsIn = (folder: string) => readFileSync(join(folder, "model.safetensors"));

/** A workspace with the output `out` of its recipe. */
function mergedWorkspace(): string {
  const folder = workspace();
  expect(tiesmith(["merge", "ties.yaml", "--out", "out", "--quiet"], folder)).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
  });
  return folder;
}

describe("merge", () => {
  it("sums up on stdout what was written and what became of each task vector", () => {
    const { status, stdout, stderr } = tiesmith(["merge", "ties.yaml", "--out", "out"], workspace());
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Wrote out\/ by ties in .* s \(\d+ threads?, \w+\)\n/);
    expect(stdout).toMatch(/\n2 tensors, 8 parameters; 96 B read, [\d.]+ kB written, /);
    expect(stdout).toMatch(/\ntask vector +parameters +density +zero +in conflict +discarded\n/);
    // ct moves 4 of 8 parameters; trim keeps 4 of sft's 6; they oppose each other in 2 of these.
    expect(stdout).toMatch(/\nct +8 +50\.00% +50\.00% +50\.00% +/);
    expect(stdout).toMatch(/\nsft +8 +50\.00% +25\.00% +50\.00% +/);
    expect(stdout).toMatch(/\n2 parameters in conflict, 25\.00% of the model\n$/);
  });

  it("is told about slack by ties_sv, and about no election where there is none", () => {
    const folder = workspace();
    const words = ["merge", "--base", "base", "ct", "sft:density=0.5"];
    const priority = ["--param", "priority=sft", "--param", "slack=1", "--param", "slack_of=discarded"];
    const slack = tiesmith([...words, "--method", "ties_sv", ...priority, "--out", "a"], folder);
    expect(slack.stdout).toMatch(/\n\d+ parameters? given back to the priority model by slack\n$/);
    const task = tiesmith(
      ["merge", "--base", "base", "ct", "sft", "--method", "task_arithmetic", "--out", "b"],
      folder,
    );
    expect(task.stdout).toMatch(/\nsft +8 +75\.00% +25\.00%\n$/);
    expect(task.stdout).not.toContain("conflict");
  });

  it("writes by shorthand the bytes that the recipe writes", () => {
    const folder = mergedWorkspace();
    expect(tiesmith(["merge", ...SHORTHAND, "--out", "short"], folder).status).toBe(0);
    expect(weightsIn(join(folder, "short")).equals(weightsIn(join(folder, "out")))).toBe(true);
  });

  it("takes the other words of the shorthand", () => {
    const folder = workspace();
    const words = [
      "--param",
      "lambda=0.5",
      "--dtype",
      "float32",
      "--out-dtype",
      "bfloat16",
      "--tokenizer-source",
      "base",
    ];
    expect(tiesmith(["merge", ...SHORTHAND, ...words, "--out", "out", "--quiet"], folder).stderr).toBe("");
    const { recipe } = JSON.parse(readFileSync(join(folder, "out", "tiesmith.json"), "utf8"));
    expect(recipe).toMatchObject({
      merge_method: "ties",
      parameters: { lambda: 0.5, weight: 1 },
      dtype: "float32",
      out_dtype: "bfloat16",
    });
  });

  it("passes on how the output is to be written", () => {
    const folder = workspace();
    const words = [
      "--threads",
      "1",
      "--max-shard-size",
      "16B",
      "--hash-inputs",
      "--language",
      "si,en",
      "--language",
      "bn",
    ];
    const { stdout } = tiesmith(["merge", "ties.yaml", "--out", "out", ...words, "--json"], folder);
    expect(JSON.parse(stdout)).toMatchObject({ threads: 1 });
    expect(existsSync(join(folder, "out", "model-00001-of-00002.safetensors"))).toBe(true);
    expect(readFileSync(join(folder, "out", "tiesmith.json"), "utf8")).toContain('"sha256"');
    expect(readFileSync(join(folder, "out", "README.md"), "utf8")).toMatch(/si[\s\S]*en[\s\S]*bn/);
  });

  it("replaces its own output with --overwrite", () => {
    const folder = mergedWorkspace();
    const words = ["merge", "--method", "linear", "base", "ct", "--out", "out", "--overwrite", "--quiet"];
    expect(tiesmith(words, folder).status).toBe(0);
    expect(readFileSync(join(folder, "out", "tiesmith.json"), "utf8")).toContain('"linear"');
  });

  it("clamps with --saturate, and says so", () => {
    const folder = workspace();
    writeModel(join(folder, "ct"), { ...BASE, "lm_head.weight": [1e6, 0, 0, 0] });
    const words = ["merge", "--method", "linear", "ct", "--dtype", "float16", "--out", "out"];
    expect(tiesmith(words, folder)).toMatchObject({ status: 2, stdout: "" });
    rmSync(join(folder, "out.partial"), { recursive: true, force: true });
    expect(tiesmith([...words, "--saturate"], folder).stdout).toMatch(/\n1 value clamped to the range/);
  });

  it("prints one JSON document with --json, also of a failure", () => {
    const folder = workspace();
    const done = tiesmith(["merge", "ties.yaml", "--out", "out", "--json"], folder);
    expect(JSON.parse(done.stdout)).toMatchObject({ method: "ties", tensorCount: 2, conflicts: 2 });
    const failed = tiesmith(["merge", "none.yaml", "--out", "out", "--json"], folder);
    expect(failed.status).toBe(2);
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: "RECIPE_INVALID" } });
    expect(failed.stderr).toMatch(/^tiesmith: .*none\.yaml.*\n$/);
  });

  it("prints notes on stderr, and not with --quiet", () => {
    const folder = workspace();
    const words = ["merge", "--method", "linear", "--base", "base", "ct", "sft", "--out"];
    expect(tiesmith([...words, "loud"], folder).stderr).toMatch(/^tiesmith: note: base_model .*linear.*\n$/);
    expect(tiesmith([...words, "still", "--quiet"], folder)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("shows the stack with --verbose only", () => {
    const words = ["merge", "none.yaml", "--out", "out"];
    expect(tiesmith(words, workspace()).stderr).not.toMatch(/\n {4}at /);
    expect(tiesmith([...words, "--verbose"], workspace()).stderr).toMatch(/^tiesmith: [^\n]*\n.*\n {4}at /);
  });
});

describe("plan", () => {
  it("tells what a merge would do, and writes nothing", () => {
    const folder = workspace();
    const { status, stdout, stderr } = tiesmith(["plan", "ties.yaml", "--out", "out"], folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/\nbase +base +[\d.]+ k?B +1 +F32\nmodel +ct .*\nmodel +sft /);
    expect(stdout).toMatch(
      /\nmerges +2 tensors, 8 parameters\nreads +96 B\nwrites +[\d.]+ kB as F32 in 1 file\n/,
    );
    expect(stdout).toMatch(/\nmemory +at most .*\ndisk +.* free\n/);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  it("explains the parameters of a tensor", () => {
    const { stdout } = tiesmith(["plan", ...SHORTHAND, "--explain", "lm_head.weight"], workspace());
    expect(stdout).toMatch(/\nlm_head\.weight \[4\], stored as F32\n/);
    expect(stdout).toMatch(/\ndensity +ct +1\ndensity +sft +0\.5\n/);
  });

  it("tells every problem in a line of its own", () => {
    const folder = workspace();
    writeModel(join(folder, "ct"), { ...BASE, "lm_head.weight": [1] });
    writeModel(join(folder, "sft"), { ...BASE, extra: [1] });
    const { status, stdout, stderr } = tiesmith(["plan", "ties.yaml", "--out", "sft"], folder);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    for (const culprit of [/lm_head\.weight/, /extra/, /sft not to exist/]) {
      expect(lines.filter((line) => culprit.test(line))).toHaveLength(1);
    }
    expect(lines.every((line) => line.startsWith("tiesmith: "))).toBe(true);
  });

  it("prints one JSON document with --json, problems included", () => {
    const folder = workspace();
    expect(JSON.parse(tiesmith(["plan", "ties.yaml", "--json"], folder).stdout)).toMatchObject({
      problems: [],
    });
    const { status, stdout } = tiesmith(["plan", "none.yaml", "--json"], folder);
    expect(status).toBe(2);
    expect(JSON.parse(stdout).problems).toMatchObject([{ code: "RECIPE_INVALID" }]);
  });
});

describe("inspect", () => {
  it("lists totals, files and tensors", () => {
    const { status, stdout, stderr } = tiesmith(["inspect", "base"], workspace());
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/\n2 tensors, 8 parameters, \d+ B \(F32 8\)\n/);
    expect(stdout).toMatch(/\n1 +model\.safetensors +\d+ B +2\n/);
    expect(stdout).toMatch(/\nmodel\.norm\.weight +F32 +\[4\] +1\n/);
  });

  it("prints one JSON document with --json", () => {
    const report = JSON.parse(tiesmith(["inspect", "base", "--json"], workspace()).stdout);
    expect(report).toMatchObject({ tensorCount: 2, parameterCount: 8, dtypes: { F32: 8 } });
  });

  it("names a model that does not exist", () => {
    const { status, stderr } = tiesmith(["inspect", "./nowhere"], workspace());
    expect(status).toBe(2);
    expect(stderr).toMatch(/^tiesmith: .*nowhere.*\n$/);
  });

  it("ends quietly when nobody reads its output", () => {
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", '"$0" "$1" inspect base | true', process.execPath, MAIN],
      {
        cwd: workspace(),
        encoding: "utf8",
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("diff", () => {
  it("says that a model equals itself", () => {
    expect(tiesmith(["diff", "base", "base"], workspace())).toEqual({
      status: 0,
      stdout: "identical: 2 tensors, byte for byte\n",
      stderr: "",
    });
  });

  it("shows each tensor that differs, and the totals", () => {
    const { status, stdout } = tiesmith(["diff", "base", "ct"], workspace());
    expect(status).toBe(0);
    expect(stdout).toMatch(/^tensor +differ +max abs +rel L2 +signs\n/);
    // [1, 2, 3, 4] and [1.5, 2, 2, 4]: ‖(0.5, 0, -1, 0)‖ / ‖(1, 2, 3, 4)‖ = 0.204.
    expect(stdout).toMatch(/\nmodel\.norm\.weight +50\.0% +1 +0\.204 +100%\n/);
    expect(stdout).toMatch(/\n2 tensors: 0 identical, 2 different\n4 of 8 parameters differ \(50\.00%\)\n/);
  });

  it("names tensors without a counterpart", () => {
    const folder = workspace();
    writeModel(join(folder, "ct"), { ...BASE, "lm_head.weight": [1], extra: [1] });
    const { stdout } = tiesmith(["diff", "base", "ct"], folder);
    expect(stdout).toMatch(/^extra: only in b\nlm_head\.weight: \[4\] in a, \[1\] in b\n/);
  });

  it("prints one JSON document with --json", () => {
    const report = JSON.parse(tiesmith(["diff", "base", "ct", "--json"], workspace()).stdout);
    expect(report).toMatchObject({ identical: false, totals: { differingParameters: 4 } });
  });
});

describe("verify", () => {
  it("checks the digests of shards that merge --sha256 has told", () => {
    const folder = workspace();
    expect(tiesmith(["merge", "ties.yaml", "--out", "out", "--sha256"], folder)).toMatchObject({ status: 0 });
    const path = join(folder, "out", "tiesmith.json");
    const { shards } = JSON.parse(readFileSync(path, "utf8"));
    const file = readFileSync(join(folder, "out", shards[0].name));
    expect(shards[0].sha256).toBe(createHash("sha256").update(file).digest("hex"));
    expect(tiesmith(["verify", "out"], folder)).toMatchObject({ status: 0 });
    writeFileSync(path, readFileSync(path, "utf8").replace(shards[0].sha256, "0".repeat(64)));
    const { status, stdout } = tiesmith(["verify", "out"], folder);
    expect(status).toBe(1);
    for (const name of ["tiesmith.json", shards[0].name]) expect(stdout).toContain(name);
  });

  it("confirms an output", () => {
    const { status, stdout, stderr } = tiesmith(["verify", "out"], mergedWorkspace());
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/out is as its manifest says: 2 tensors, \d files, /);
  });

  it("lists what differs, and fails", () => {
    const folder = mergedWorkspace();
    const weights = join(folder, "out", "model.safetensors");
    writeSync(openSync(weights, "r+"), Buffer.from([0x55]), 0, 1, weightsIn(join(folder, "out")).length - 4);
    rmSync(join(folder, "out", "config.json"));
    const { status, stdout, stderr } = tiesmith(["verify", "out"], folder);
    expect(status).toBe(1);
    expect(stdout).toMatch(/\ntensor +model\.norm\.weight +\w+… +\w+…\nmissing +config\.json +/);
    expect(stderr).toMatch(
      /^tiesmith: Expected .*out to be as its manifest says, but found 2 differences\n$/,
    );
    const asJson = tiesmith(["verify", "out", "--json"], folder);
    expect(asJson.status).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      ok: false,
      failures: [{ what: "tensor" }, { what: "missing" }],
    });
  });

  it("prints nothing with --quiet", () => {
    expect(tiesmith(["verify", "out", "--quiet"], mergedWorkspace())).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("refuses a folder without a manifest", () => {
    const { status, stderr } = tiesmith(["verify", "base"], workspace());
    expect(status).toBe(2);
    expect(stderr).toMatch(/^tiesmith: .*tiesmith\.json.*\n$/);
  });
});
