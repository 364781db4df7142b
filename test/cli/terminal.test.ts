/** On a terminal: a bar that goes away, colours, and none with NO_COLOR. `script` lends the terminal. */

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { MAIN, workspace } from "./command-line.ts";

const canLendTerminal = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes(
  "util-linux",
);
const ESCAPE = "\u001b";
const COLOUR = new RegExp(`${ESCAPE}\\[\\d+m`);

/** Everything that a merge writes to a terminal of 80 columns. */
function onTerminal(words: string, env: Record<string, string> = {}): string {
  const { stdout } = spawnSync("script", ["-qec", `stty cols 80; "$NODE" "$MAIN" ${words}`, "/dev/null"], {
    cwd: workspace(),
    env: { PATH: process.env.PATH, TERM: "xterm-256color", NODE: process.execPath, MAIN, ...env },
    encoding: "utf8",
  });
  return stdout;
}

describe.skipIf(!canLendTerminal)("on a terminal (skipped where util-linux `script` is absent)", () => {
  it("a merge shows a bar, clears it, and prints its summary with dim titles", () => {
    const text = onTerminal("merge ties.yaml --out out");
    expect(text).toMatch(/combine ░+ +0% .*0\/2 tensors/);
    const [, rest = ""] = text.split(`${ESCAPE}[2K`);
    expect(rest).toMatch(/^Wrote out\/ by ties/);
    expect(rest).toContain(`${ESCAPE}[2mtask vector`);
  });

  it("the bar never exceeds the width", () => {
    const drawn = onTerminal("merge ties.yaml --out out")
      .split(/\r|\n/)
      .flatMap((line) => line.split(`${ESCAPE}[1G`));
    const bars = drawn.filter((line) => /[█░]/.test(line)).map((line) => line.split(ESCAPE)[0] ?? "");
    expect(bars.length).toBeGreaterThan(0);
    expect(bars.filter((bar) => bar.length > 79)).toEqual([]);
  });

  it("NO_COLOR leaves no colour, in the summary and in errors", () => {
    expect(onTerminal("merge ties.yaml --out out", { NO_COLOR: "1" })).not.toMatch(COLOUR);
    expect(onTerminal("merge none.yaml --out out", { NO_COLOR: "1" })).not.toMatch(COLOUR);
    expect(onTerminal("merge none.yaml --out out")).toContain(`${ESCAPE}[31mtiesmith:`);
  });

  it("--quiet prints nothing at all", () => {
    expect(onTerminal("merge ties.yaml --out out --quiet")).toBe("");
  });
});
