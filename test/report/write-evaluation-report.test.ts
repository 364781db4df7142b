/** What an evaluation is written as. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scoreTables, writeEvaluationReport } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { EVALUATION_FIGURES, exampleEvaluation } from "./example-evaluation.ts";

const { results, predictions } = exampleEvaluation();
const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
let files: string[];

beforeAll(async () => {
  files = await writeEvaluationReport(results, folder, predictions);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, name), "utf8");

describe("a written evaluation", () => {
  it("has every figure as SVG and CSV, every prediction, and the results", () => {
    const figures = EVALUATION_FIGURES.flatMap((name) => [`figures/${name}.svg`, `figures/${name}.csv`]);
    const others = ["report.html", "report.md", "report.json", "predictions.jsonl"];
    expect([...files].sort()).toEqual([...others, ...figures].sort());
    expect(JSON.parse(read("report.json"))).toEqual(JSON.parse(JSON.stringify(results)));
    const lines = read("predictions.jsonl").trim().split("\n");
    expect(lines).toHaveLength(24);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      model: "base",
      task: "sib200",
      row: 1,
      chosen: "sports",
    });
  });

  it("lays its tables out like the paper's: the best bold, the second underlined", () => {
    const html = read("report.html");
    const cell = "50.00 ± 28.87";
    expect(html).toContain(`<td>base</td><td class="right"><b>${cell}</b></td>`);
    const text = read("report.md");
    expect(text).toMatch(/\| model \| SIB-200 \| Math \| Average \|\n\| --- \| --: \| --: \| --: \|/);
    expect(text).toContain(`**${cell}**`);
    const unequal = { ...results, averages: results.averages.map((own, i) => ({ ...own, value: i / 10 })) };
    const [first] = scoreTables(unequal);
    expect(first?.rows.map(({ cells }) => cells.map(({ rank }) => rank))).toEqual([
      [2, 2, 2],
      [1, 1, 1],
    ]);
  });

  it("has the bars' ends as CSV", () => {
    const [titles, ...lines] = read("figures/scores-tam.csv").trimEnd().split("\r\n");
    expect(titles).toBe("model,group,score,low,high");
    const score = results.scores.find(({ language, model }) => language === "tam" && model === "base");
    expect(lines[0]).toBe(`base,SIB-200,0.5,${score?.low},${score?.high}`);
  });

  it("tells what differences are worth, and which outputs are no UTF-8", () => {
    const text = read("report.md");
    expect(text).toMatch(/\| sft-flan \| SIB-200 \| tam \| \+0\.00 \| −[\d.]+ to \+[\d.]+ \| [01]\.\d{3} \|/);
    expect(text).toContain("| sft-flan | mlic-math | uig | 4 of 4 | 100.00% | 1 |");
  });

  it("is one file that allows no script but its own, and holds texts as text", () => {
    const html = read("report.html");
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toMatch(/default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/]{43}='"/);
    expect(html).not.toMatch(/<link|<img|<iframe|@import|\bsrc=|url\(["']?http|href="http/);
    expect(html).toContain("&lt;b&gt;&amp;amp; &quot;quoted&quot;&lt;/b&gt;");
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("lists the answers of all models side by side", () => {
    const html = read("report.html");
    expect(html.match(/<details class="browser">/g)).toHaveLength(3);
    expect(html).toContain('<li data-r="01"><span class="title">row 2</span>');
    expect(html).toContain('<span class="no">base: <bdi>nothing found in &quot; ?&quot;</bdi></span>');
  });
});

it("an evaluation without predictions, of one model on one task, needs no script", async () => {
  const task = results.tasks[2];
  const [score] = results.scores.filter(({ language, model }) => language === "tam" && model === "base");
  const alone = {
    ...{ ...results, tasks: [task], scores: [score], comparisons: [] },
    ...{ models: results.models.slice(0, 1), averages: results.averages.slice(1, 3) },
  } as typeof results;
  const out = join(temporaryFolder(), "alone");
  const written = await writeEvaluationReport(alone, out);
  expect(written).not.toContain("predictions.jsonl");
  expect(written.filter((name) => name.endsWith(".svg"))).toEqual(["figures/scores-tam.svg"]);
  expect(readFileSync(join(out, "report.html"), "utf8")).not.toContain("<script");
});

it("other files are not written over", async () => {
  const other = temporaryFolder();
  writeFileSync(join(other, "thesis.txt"), "years of work");
  await expect(writeEvaluationReport(results, other)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
});
