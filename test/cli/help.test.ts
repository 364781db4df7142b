/** Every command has a help that fits a terminal and shows examples, and asking for it is quick. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { VERSION } from "../../src/version.ts";
import { GOLDEN, tiesmith } from "./command-line.ts";

const COMMANDS = [
  "merge",
  "plan",
  "conflicts",
  "inspect",
  "diff",
  "verify",
  "evaluate",
  "tasks",
  "export",
  "search",
];

/** The options that a help lists or shows. */
const optionsIn = (help: string): string[] => [...new Set(help.match(/--[a-z-]+/g) ?? [])];

describe("help", () => {
  it.each([[], ...COMMANDS.map((command) => [command])])(
    "of tiesmith %s has examples in 80 columns",
    (...words) => {
      const { status, stdout, stderr } = tiesmith([...words, "--help"], GOLDEN);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/^Usage: tiesmith/);
      expect(stdout).toMatch(/\nExamples:\n {2}\$ tiesmith /);
      expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it("names every command", () => {
    const { stdout } = tiesmith(["--help"], GOLDEN);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`\\n  ${command} `));
  });

  it("names every option of its examples", () => {
    for (const command of COMMANDS) {
      const [listed = "", examples = ""] = tiesmith([command, "--help"], GOLDEN).stdout.split("Examples:");
      expect(optionsIn(listed)).toEqual(expect.arrayContaining(optionsIn(examples)));
    }
  });

  it("is the same by `help COMMAND`", () => {
    expect(tiesmith(["help", "diff"], GOLDEN).stdout).toBe(tiesmith(["diff", "--help"], GOLDEN).stdout);
  });

  it("has a version beside it", () => {
    expect(tiesmith(["--version"], GOLDEN)).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: "" });
  });
});

describe("start-up", () => {
  it("loads commander and nothing heavy", () => {
    const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
    const { files, packages } = staticImports(main);
    expect(packages).toEqual(new Set(["commander"]));
    const others = [...files].filter((file) => !file.includes("/cli/")).map((file) => file.split("/src/")[1]);
    expect(new Set(others)).toEqual(new Set(["errors.ts", "version.ts", "native/package-root.ts"]));
  });
});

/** Everything that a module loads before its first line runs; types are not loaded. */
function staticImports(main: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    const imports = readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type )[^;]*?"([^"]+)";$/gm);
    for (const [, specifier = ""] of imports) {
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier));
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  };
  visit(main);
  return { files, packages };
}
