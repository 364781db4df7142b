/** What an analysis is written as. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConflictsReport, conflicts, writeConflictsReport } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csvOf } from "../../src/report/csv.ts";
import { markdownOf } from "../../src/report/markdown.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { exampleReport, FIGURES } from "./example-report.ts";

let report: ConflictsReport;
let made: string;
let folder: string;
let files: string[];

beforeAll(async () => {
  report = await exampleReport();
  made = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  folder = join(made, "new", "report");
  files = await writeConflictsReport(report, folder);
});

afterAll(() => rmSync(made, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, name), "utf8");

/** A CSV without quoted fields. */
function rowsOf(name: string): Record<string, string>[] {
  const [titles = "", ...lines] = read(`figures/${name}.csv`).trimEnd().split("\r\n");
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(titles.split(",").map((title, i) => [title, values[i] as string]));
  });
}

describe("a written report", () => {
  it("has every figure as SVG and CSV beside HTML, Markdown and JSON", () => {
    const figures = FIGURES.flatMap((name) => [`figures/${name}.svg`, `figures/${name}.csv`]);
    expect([...files].sort()).toEqual(["report.html", "report.md", "report.json", ...figures].sort());
    for (const name of files) expect(existsSync(join(folder, name)), name).toBe(true);
  });

  it("has the analysis as JSON", () => {
    expect(JSON.parse(read("report.json"))).toEqual(report);
  });

  it("has the figures' numbers as CSV", () => {
    expect(rowsOf("discarded-by-checkpoint").map(({ x, share }) => [x, share])).toEqual(
      report.series?.points.map(({ x, figures }) => [String(x), String(figures.models[1]?.discardedShare)]),
    );
    const bars = rowsOf("conflicts-by-checkpoint").filter(({ x }) => x === "400");
    expect(bars.map(({ parameters }) => Number(parameters))).toEqual([
      report.models[1]?.conflictsWon,
      report.models[1]?.conflictsLost,
    ]);
    expect(rowsOf("discarded-by-module")).toHaveLength(report.modules.length);
    expect(rowsOf("discarded-by-density")).toHaveLength(9);
    expect(rowsOf("slack-curve")).toHaveLength(report.slackCurve?.points.length as number);
  });

  it("is one HTML file that asks for nothing else", () => {
    const html = read("report.html");
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|\bsrc=|url\(["']?http|href="http/);
    expect(html.match(/<svg /g)).toHaveLength(2 * FIGURES.length);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("draws with colours that follow the scheme of the page, and with fixed ones in its SVG files", () => {
    expect(read("report.html")).toContain('"var(--lost)"');
    const svg = read("figures/conflicts-by-checkpoint.svg");
    expect(svg).toMatch(/^<svg role="img" aria-label="Sign conflicts of sft/);
    expect(svg).toContain("#1697a6");
    expect(svg).not.toContain("var(");
  });

  it("tells in Markdown the rule for slack, and links its figures", () => {
    const markdown = read("report.md");
    expect(markdown).toContain("slack 0.083 of the retained");
    for (const name of FIGURES) expect(markdown).toContain(`](figures/${name}.svg)`);
    expect(markdown).toMatch(/\| lm\\_head\.weight \| 122,880 \| 24,576 \| 20\.00% \| 70\.06% \| 41\.30% \|/);
  });

  it("replaces an earlier report, and nothing else", async () => {
    await expect(writeConflictsReport(report, folder)).resolves.toEqual(files);
    const other = temporaryFolder();
    writeFileSync(join(other, "thesis.txt"), "years of work");
    await expect(writeConflictsReport(report, other)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    expect(readdirSync(other)).toEqual(["thesis.txt"]);
    const file = join(other, "thesis.txt");
    await expect(writeConflictsReport(report, file)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    const empty = join(other, "empty");
    mkdirSync(empty);
    await expect(writeConflictsReport(report, empty)).resolves.toContain("report.html");
  });

  it("holds names as text, whatever is in them", async () => {
    const odd = `<script>alert("x")</script>`;
    const renamed = JSON.parse(
      JSON.stringify(report).replaceAll('"ct-x"', JSON.stringify(odd)),
    ) as ConflictsReport;
    const out = join(temporaryFolder(), "odd");
    await writeConflictsReport(renamed, out);
    const html = readFileSync(join(out, "report.html"), "utf8");
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
    for (const name of FIGURES)
      expect(readFileSync(join(out, "figures", `${name}.svg`), "utf8")).not.toContain("<script>");
  });
});

it("a report of one model, which loses nothing, leaves out what there is nothing to show of", async () => {
  const models = join(import.meta.dirname, "..", "..", "examples", "tinylang", "models");
  const recipe = {
    merge_method: "ties",
    base_model: join(models, "base"),
    models: [{ model: join(models, "ct-x"), parameters: { weight: 1, density: 0.5 } }],
  };
  const alone = await conflicts(recipe, { slackCurve: true, densities: [0.2, 1], vary: "ct-x" });
  expect(alone).toMatchObject({ conflicts: 0, pairs: [], slackCurve: { points: [], knee: null } });
  const out = join(temporaryFolder(), "alone");
  const written = await writeConflictsReport(alone, out);
  expect(written).not.toContain("figures/slack-curve.svg");
  expect(written).not.toContain("figures/agreement.svg");
  expect(written).toContain("figures/discarded-by-density.svg");
});

it("CSV quotes what needs it, and disarms formulas", () => {
  const data = [
    { a: 'say "x", y', b: null },
    { a: "=1+1", b: 2 },
  ];
  expect(csvOf(data)).toBe('a,b\r\n"say ""x"", y",\r\n\'=1+1,2\r\n');
});

it("Markdown tables keep their columns, whatever is in a cell", () => {
  const table = { columns: [{ title: "a|b" }], rows: [["[x](y)\n*z*"]] };
  const text = markdownOf({ title: "t", lead: [], sections: [{ title: "s", tables: [table] }] });
  expect(text).toContain("| a\\|b |\n| --- |\n| \\[x\\](y) \\*z\\* |");
});
