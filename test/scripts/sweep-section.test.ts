/** docs/performance.md tells of sizes what scripts/bench/sweep.mjs has measured, and nothing else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderSvg } from "../../src/report/render-svg.ts";

const { sweepFigure, sweepSection, withSection } = await import(
  new URL("../../scripts/bench/sweep-section.mjs", import.meta.url).href
);
const docs = join(import.meta.dirname, "../../docs");
const read = (file: string) => readFileSync(join(docs, file), "utf8");
const results = JSON.parse(read("figures/sweep.json"));

describe("the section of sizes in docs/performance.md", () => {
  it("is what the sweep writes from its results", () => {
    expect(withSection(read("performance.md"), sweepSection(results))).toBe(read("performance.md"));
  });

  it("shows the figure of the same results", async () => {
    expect(`${await renderSvg(sweepFigure(results), 720, "#fffffe")}\n`).toBe(read("figures/sweep.svg"));
  });

  it("has a row for each measurement, with its ratio and its size", () => {
    expect(results.rows.length).toBeGreaterThan(0);
    const section: string = sweepSection(results);
    expect(section.split("\n").filter((line) => /^\| \d/.test(line)).length).toBe(results.rows.length);
    for (const { size, ratio } of results.rows)
      expect(section).toMatch(new RegExp(`^\\| ${size} .*${ratio}`, "m"));
  });

  it("is not written into a page without its markers", () => {
    expect(() => withSection("# Performance\n", "text")).toThrow(
      /Expected <!-- sweep --> and <!-- \/sweep -->/,
    );
  });
});
