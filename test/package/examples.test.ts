/** What `examples/` and the README show does work. */

import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { merge, plan } from "tiesmith";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { ROOT, run } from "./packed-project.ts";

const EXAMPLES = join(ROOT, "examples");
const MAIN = join(ROOT, "dist", "cli", "main.cjs");

const recipes = readdirSync(join(EXAMPLES, "recipes"));

describe("examples/recipes", () => {
  it("has the settings of the paper", () => {
    expect(recipes.sort()).toEqual([
      "model-scope.yaml",
      "ties-sv.yaml",
      "ties.yaml",
      "two-languages.yaml",
      "wavg.yaml",
    ]);
  });

  it.each(recipes)(
    "%s plans without a problem or a note, and merges",
    async (name) => {
      const recipe = join(EXAMPLES, "recipes", name);
      const out = join(temporaryFolder(), "merged");
      expect(plan(recipe, { out })).toMatchObject({ problems: [], notes: [], tensorCount: 39 });
      const result = await merge(recipe, { out });
      expect(result.tensorCount).toBe(39);
      expect(existsSync(join(out, "tokenizer.json"))).toBe(true);
    },
    60_000,
  );
});

describe("examples/merge.mjs", () => {
  it("merges, tells its progress, and refuses to replace what it wrote", () => {
    const out = join(temporaryFolder(), "merged");
    const first = run(process.execPath, ["examples/merge.mjs", out], ROOT);
    expect(first.status, first.output).toBe(0);
    expect(first.output).toMatch(
      /^merging 984192 parameters\n(.* % done\n)*100 % done\nct-x: kept .*\nsft: kept /,
    );
    expect(existsSync(join(out, "tiesmith.json"))).toBe(true);
    const second = run(process.execPath, ["examples/merge.mjs", out], ROOT);
    expect(second.status).toBe(2);
    expect(second.output).toMatch(/^OUTPUT_EXISTS: .*\n$/);
  }, 60_000);
});

describe("examples/evaluate.mjs", () => {
  it("tells scores and what their difference is worth", () => {
    const cache = join(temporaryFolder(), "answers");
    const { status, output } = run(process.execPath, ["examples/evaluate.mjs", cache], ROOT);
    expect(status, output).toBe(0);
    expect(output).toMatch(
      /^sft tinylang-tc: \d+\.0 % \(.*\n(.*\n){3}ctsft-x against sft, tinylang-tc: .* p = 0\.000\n/,
    );
  }, 120_000);
});

describe("README.md", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const blocks = (language: string) =>
    [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = ""]) =>
      name === language ? [text] : [],
    );

  /** A folder that looks like a clone to the commands of the README. */
  function clone(): string {
    const folder = temporaryFolder();
    symlinkSync(EXAMPLES, join(folder, "examples"));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const [recipe = ""] = blocks("yaml");
    writeFileSync(join(folder, "my-merge.yaml"), recipe);
    return folder;
  }

  it("shows commands that run, one after the other", () => {
    const folder = clone();
    const lines = blocks("sh").flatMap((block) => block.replaceAll("\\\n", " ").trim().split("\n"));
    const commands = lines.filter((line) => line.startsWith("npx tiesmith "));
    expect(commands.length).toBeGreaterThanOrEqual(6);
    for (const command of commands) {
      const words = command.replace(/#.*/, "").trim().split(/\s+/).slice(2);
      const { status, output } = run(process.execPath, [MAIN, ...words], folder);
      expect(status, `${command}\n${output}`).toBe(0);
    }
  }, 120_000);

  it("shows a script that runs", () => {
    const folder = clone();
    const [script = ""] = blocks("js");
    // By its name the package is found from within the repository only.
    const source = script.replace('"tiesmith"', JSON.stringify(join(ROOT, "dist", "index.js")));
    expect(source).not.toBe(script);
    writeFileSync(join(folder, "script.mjs"), source);
    const { status, output } = run(process.execPath, ["script.mjs"], folder);
    expect(status, output).toBe(0);
  }, 60_000);
});
