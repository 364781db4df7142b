/** What a search is written as. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSearchReport } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchDocument } from "../../src/report/search-document.ts";
import { exampleEvaluation } from "./example-evaluation.ts";
import { exampleReport } from "./example-report.ts";
import { exampleSearch, SEARCH_FIGURES } from "./example-search.ts";

const results = exampleSearch();
const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
let files: string[];

beforeAll(async () => {
  files = await writeSearchReport(results, folder, { predictions: exampleEvaluation().predictions });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, name), "utf8");

describe("a written search", () => {
  it("has every figure as SVG and CSV beside HTML, Markdown and JSON", () => {
    const figures = SEARCH_FIGURES.flatMap((name) => [`figures/${name}.svg`, `figures/${name}.csv`]);
    const others = ["report.html", "report.md", "report.json", "predictions.jsonl"];
    expect([...files].sort()).toEqual([...others, ...figures].sort());
    expect(JSON.parse(read("report.json"))).toEqual(JSON.parse(JSON.stringify(results)));
  });

  it("shows of each cell the trial with the best objective, and which it was", () => {
    const [titles, ...lines] = read("figures/grid-ties-objective.csv").trimEnd().split("\r\n");
    expect(titles).toBe("first,second,share,trial,others");
    expect(lines).toHaveLength(8);
    for (const line of lines) {
      const [k1, k2, share, trial, others] = line.split(",");
      const own = results.trials.filter(
        ({ method, parameters }) =>
          method === "ties" && parameters.k_ct === Number(k1) && parameters.k_sft === Number(k2),
      );
      const best = own.find(({ id }) => id === trial);
      expect(own).toHaveLength(2);
      expect(Number(share)).toBe(Math.max(...own.map(({ objective }) => objective as number)));
      expect(others).toBe(`lambda ${best?.parameters.lambda}`);
    }
  });

  it("draws slack where everything else is as the winner has it, and tuned anew", () => {
    const lines = read("figures/slack-ties-sv.csv").trimEnd().split("\r\n").slice(1);
    const winner = results.winners.find(({ method }) => method === "ties_sv");
    const objectives = lines.filter((line) => line.includes(",objective,"));
    expect(objectives.map((line) => Number(line.split(",")[0]))).toEqual([0, 0.04, 0.08]);
    expect(objectives.at(-1)).toBe(`0.08,objective,${winner?.objective}`);
    expect(lines.filter((line) => line.includes("retuned"))).toHaveLength(3);
  });

  it("gives recipes to paste, the best first, and tells rows, space, failures and cost", () => {
    const text = read("report.md");
    const recipes = [...text.matchAll(/^```yaml\nmerge_method: (\w+)/gm)].map(([, method]) => method);
    expect(recipes).toEqual(["ties", "linear", "ties_sv", "task_arithmetic"]);
    expect(text).toContain("| sib200 | tam | dev | 50 | data/tam.tsv | 0123456789abcdef |");
    expect(text).toContain("| ta | b | 0.1 to 2, on a log scale |");
    expect(text).toMatch(/\| wavg-1 \| w 0\.5 \| Found NaN in lm\\_head\.weight\\\[3\\\] \|/);
    expect(text).toContain("12.0% of the trials' time");
    expect(text).toMatch(/Successive halving: all candidates on 10 rows/);
    expect(text).toMatch(/the best unmerged model, base, 50\.00%\./);
  });
});

it("a search that has just begun shows what there is", async () => {
  const begun = {
    ...{ ...results, trials: [], winners: [], best: null, test: null, testedModels: [], complete: false },
  };
  const document = searchDocument(begun);
  expect(document.lead.join(" ")).toContain("not complete");
  expect(document.sections.map(({ title }) => title)).toEqual([
    "What was tuned on which rows",
    "What was tried",
    "Trials",
    "Time and cost",
  ]);
});

it("an analysis of conflicts stands beside the scores by slack", async () => {
  const { sections } = searchDocument(results, { conflicts: await exampleReport() });
  const slack = sections.find(({ title }) => title === "Slack");
  expect(slack?.figures?.map(({ name }) => name)).toEqual(["slack-ties-sv", "slack-curve"]);
});
