/** What `tiesmith conflicts` prints and writes. */
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tiesmith, workspace, writeModel } from "./command-line.ts";

const CT_EARLY = { "model.norm.weight": [1.25, 2, 2.5, 4], "lm_head.weight": [0.5, 0.5, -0.75, 1] };

describe("conflicts", () => {
  it("sums up the whole model and its kinds, and writes no model", () => {
    const folder = workspace();
    const { status, stdout, stderr } = tiesmith(["conflicts", "ties.yaml"], folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^ties on base, cuts in each tensor: 2 tensors, 8 parameters\n/);
    expect(stdout).toMatch(
      /\ntask vector +density +zero +in conflict +zero votes +discarded +without 0s +mass\n/,
    );
    // The merge of the same models counts the same: see commands.test.ts.
    expect(stdout).toMatch(/\nct +50\.00% +50\.00% +50\.00% +/);
    expect(stdout).toMatch(/\n2 parameters in conflict, 25\.00% of the model: ct wins .*, sft wins .*\n/);
    expect(stdout).toMatch(/\ndiscarded ÷ retained of sft \(Figure 4\): /);
    expect(stdout).toMatch(/\nnorm +4 .*\nhead +4 /);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  it("prints the documented JSON with --json", () => {
    const report = JSON.parse(tiesmith(["conflicts", "ties.yaml", "--json"], workspace()).stdout);
    expect(report.models).toMatchObject([
      { model: "ct", parameters: 8, retained: 4, zero: 4, inConflict: 2 },
      { model: "sft", parameters: 8, retained: 4, zero: 2, inConflict: 2 },
    ]);
    expect(report.tensors.map(({ name }: { name: string }) => name).sort()).toEqual([
      "lm_head.weight",
      "model.norm.weight",
    ]);
    expect(Object.keys(report.tensors[0].models[0])).toEqual(Object.keys(report.models[0]));
  });

  it("follows a series by a pattern, and tells the paper's rule for slack", () => {
    const folder = workspace();
    writeModel(join(folder, "ct-100"), CT_EARLY);
    renameSync(join(folder, "ct"), join(folder, "ct-2000"));
    const words = ["conflicts", "--method", "ties", "--base", "base", "ct-2000", "sft:density=0.5"];
    const { status, stdout } = tiesmith([...words, "--series", "ct-*", "--x-title", "steps"], folder);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /\ncheckpoint +steps +in conflict +it wins +it loses +L2 of checkpoint\nct-100 +100 .*\nct-2000 +2000 /,
    );
    expect(stdout).toMatch(/\nIt rises by -?[\d.]+ points from first to last: by the paper's rule, /);
  });

  it("shows a slack curve and a grid of densities", () => {
    const words = ["conflicts", "ties.yaml", "--slack-curve", "--densities", "0.5,1"];
    const { stdout } = tiesmith(words, workspace());
    expect(stdout).toMatch(/\n +slack +given back +largest forgiven\n/);
    expect(stdout).toMatch(
      /\ndiscarded ÷ retained of sft: rows, density of ct; columns, of sft\n +0\.5 +1\n0\.5 .*\n +1 /,
    );
  });

  it("writes a report", () => {
    const folder = workspace();
    const { stdout } = tiesmith(["conflicts", "ties.yaml", "--report", "seen"], folder);
    expect(stdout).toMatch(/\nWrote \d+ files to seen; open seen\/report\.html\n$/);
    expect(readFileSync(join(folder, "seen", "report.html"), "utf8")).toContain(
      "<h1>Sign conflicts: ct + sft</h1>",
    );
  });

  it.each([
    [["conflicts", "ties.yaml", "--densities", "a,b"], /numbers such as 0\.2,0\.4 for --densities/],
    [["conflicts", "ties.yaml", "--series", "nothing-*"], /no folder matches/],
    [["conflicts", "ties.yaml", "--of", "nobody"], /one of the models ct, sft/],
    [["conflicts", "--method", "linear", "ct", "sft"], /which elect signs/],
  ] as const)("refuses %j", (words, message) => {
    const { status, stdout, stderr } = tiesmith([...words], workspace());
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^tiesmith: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
});
