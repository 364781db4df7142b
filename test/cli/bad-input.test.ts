/** Bad input ends in exit code 2, one line on stderr that names the culprit, and no trace of an output. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entry, header, writeRawSafetensors } from "../checkpoint/safetensors-builder.ts";
import { TIES_RECIPE, tiesmith, workspace } from "./command-line.ts";
import { refusal, refusedMerge } from "./refused-merge.ts";

describe("a command line", () => {
  const cases: [what: string, words: string[], culprit: RegExp][] = [
    ["an unknown command, with the nearest", ["marge", "ties.yaml"], /'marge'; did you mean merge\?/],
    [
      "an unknown option, with the nearest",
      ["merge", "ties.yaml", "--treads", "2"],
      /'--treads'; did you mean --threads\?/,
    ],
    ["an unknown global option", ["--nonsense"], /'--nonsense'; see --help/],
    ["merge without --out", ["merge", "ties.yaml"], /--out PATH, .* but found none/],
    ["merge without a recipe", ["merge", "--out", "out"], /missing required argument 'recipe-or-models'/],
    [
      "two recipes",
      ["merge", "a.yaml", "b.yaml", "--out", "out"],
      /one recipe file, but received also "b.yaml"/,
    ],
    [
      "an option of the shorthand beside a recipe",
      ["merge", "ties.yaml", "--base", "base", "--out", "out"],
      /--method beside --base/,
    ],
    ["an option without its value", ["merge", "ties.yaml", "--out"], /'--out <path>' argument missing/],
    ["no threads", ["merge", "ties.yaml", "--out", "out", "--threads", "0"], /--threads, but received "0"/],
    [
      "threads that are no number",
      ["merge", "ties.yaml", "--out", "out", "--threads", "two"],
      /--threads, but received "two"/,
    ],
    [
      "a size without a clear unit",
      ["merge", "ties.yaml", "--out", "out", "--max-shard-size", "5G"],
      /5GB or 2GiB for --max-shard-size, but received "5G"/,
    ],
    [
      "both ways to treat an interrupted merge",
      ["merge", "ties.yaml", "--out", "out", "--resume", "--restart"],
      /either --resume or --restart/,
    ],
    ["a model too many", ["inspect", "base", "ct"], /too many arguments for 'inspect'/],
    ["one model to compare", ["diff", "base"], /missing required argument 'b'/],
  ];
  it.each(cases)("%s", (_, words, culprit) => {
    const folder = workspace();
    expect(refusal(tiesmith(words, folder))).toMatch(culprit);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  it("without a command prints the help on stderr", () => {
    const { status, stdout, stderr } = tiesmith([], workspace());
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: tiesmith/);
  });
});

describe("a recipe", () => {
  const replaced = (from: string, to: string) => TIES_RECIPE.replace(from, to);
  const cases: [what: string, text: string, culprit: RegExp][] = [
    [
      "an unknown key, with the nearest",
      replaced("base_model", "base_modle"),
      /base_modle.*base_model.*ties\.yaml:2/,
    ],
    ["an unknown method, with the nearest", replaced("ties", "tees"), /"tees".*ties.*ties\.yaml:1/],
    [
      "an unknown parameter, with the nearest",
      replaced("density: 1", "densty: 1"),
      /densty.*density.*ties\.yaml:5/,
    ],
    ["a wrong type", replaced("density: 1", "density: all"), /density.*"all".*ties\.yaml:5/],
    [
      "a value out of range",
      replaced("density: 0.5", "density: 1.5"),
      /density between 0 and 1 .*sft.* 1\.5 .*ties\.yaml:7/,
    ],
    ["a missing weight", replaced("weight: 1, density: 0.5", "density: 0.5"), /weight.*sft/],
    ["a missing base", replaced("base_model: base\n", ""), /base_model for ties/],
    ["a base that does not exist", replaced("base_model: base", "base_model: ./bass"), /bass/],
    ["a model that does not exist", replaced("model: ct", "model: ./cd"), /\.\/cd/],
    ["text that is no YAML", "merge_method: [ties\n", /YAML.*ties\.yaml:/],
    ["a method of mergekit that is not there yet", replaced("ties", "slerp"), /slerp.*not supported yet/],
    [
      "a key of mergekit that is not there yet",
      `${TIES_RECIPE}slices: []\n`,
      /slices.*not supported yet.*ties\.yaml:8/,
    ],
  ];
  it.each(cases)("%s", (_, text, culprit) => {
    const folder = workspace();
    writeFileSync(join(folder, "ties.yaml"), text);
    expect(refusedMerge(folder)).toMatch(culprit);
  });

  it("that does not exist", () => {
    expect(refusedMerge(workspace(), ["none.yaml"])).toMatch(
      /recipe file, but there is none at "none\.yaml"/,
    );
  });

  it("whose weights sum to zero under normalize", () => {
    const words = ["--method", "linear", "base:weight=1", "ct:weight=-1"];
    expect(refusedMerge(workspace(), words)).toMatch(/sum to 0.*normalize: false/);
  });

  it("in words that are not KEY=VALUE", () => {
    const words = ["--method", "ties", "--base", "base", "ct:density"];
    expect(refusedMerge(workspace(), words)).toMatch(/KEY=VALUE.*"density"/);
  });
});

describe("an output folder", () => {
  it("that exists is left as it is", () => {
    const folder = workspace();
    mkdirSync(join(folder, "out"));
    writeFileSync(join(folder, "out", "mine.txt"), "mine");
    expect(refusal(tiesmith(["merge", "ties.yaml", "--out", "out"], folder))).toMatch(
      /out not to exist.*--overwrite/,
    );
    expect(readFileSync(join(folder, "out", "mine.txt"), "utf8")).toBe("mine");
  });

  it("that tiesmith has not made is not overwritten", () => {
    const folder = workspace();
    mkdirSync(join(folder, "out"));
    expect(refusal(tiesmith(["merge", "ties.yaml", "--out", "out", "--overwrite"], folder))).toMatch(
      /tiesmith\.json/,
    );
    expect(existsSync(join(folder, "out"))).toBe(true);
  });

  it("inside an input", () => {
    const folder = workspace();
    expect(refusal(tiesmith(["merge", "ties.yaml", "--out", "base/merged"], folder))).toMatch(
      /base\/merged lies in/,
    );
    expect(existsSync(join(folder, "base", "merged"))).toBe(false);
  });

  it("on a disk without room", () => {
    const folder = workspace();
    const { bavail, bsize } = statfsSync(folder);
    const elementCount = Math.ceil((bavail * bsize * 1.1) / 4);
    const weights = join(folder, "base", "model.safetensors");
    writeRawSafetensors(weights, header({ huge: entry(0, 4 * elementCount, [elementCount], "F32") }));
    // A file with a hole takes no room.
    truncateSync(weights, readFileSync(weights).length + 4 * elementCount);
    rmSync(join(folder, "ct"), { recursive: true });
    symlinkSync("base", join(folder, "ct"));
    expect(refusedMerge(folder, ["--method", "linear", "base", "ct"])).toMatch(/bytes of room.*--out/);
  });

  it("in a folder that may not be written", () => {
    const folder = workspace();
    chmodSync(folder, 0o555);
    // Permissions do not bind root, who runs the tests in containers.
    const user = process.getuid?.() === 0 ? { uid: 65534 } : {};
    const outcome = tiesmith(["merge", "ties.yaml", "--out", "out"], folder, user);
    chmodSync(folder, 0o755);
    expect(refusal(outcome)).toMatch(/forbids|refused/);
  });
});

describe("names that hold control characters", () => {
  it("cannot write to the terminal", () => {
    const line = refusedMerge(workspace(), ["evil\u001b[2J\nname.yaml"]);
    expect(line).not.toContain("\u001b");
  });
});
