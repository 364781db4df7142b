/** The HTML reports in a browser: figures are there, both schemes are readable, nothing overflows, rows are filtered. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import {
  writeConflictsReport,
  writeEvaluationReport,
  writeSearchReport,
  writeTrajectoryReport,
} from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVALUATION_FIGURES, exampleEvaluation } from "./example-evaluation.ts";
import { exampleReport, FIGURES } from "./example-report.ts";
import { exampleSearch, SEARCH_FIGURES } from "./example-search.ts";
import { exampleTrajectory, TRAJECTORY_FIGURES } from "./example-trajectory.ts";
import { executablePath, lookAt, openBrowser, VIEWS } from "./looked-at-page.ts";

if (executablePath === undefined)
  console.warn("SKIPPED: reports in a browser, since no Chromium is installed (or named by CHROMIUM)");

/** How each kind of page is made, and its figures. */
const PAGES: readonly {
  readonly kind: string;
  readonly figures: readonly string[];
  readonly write: (folder: string) => Promise<unknown>;
}[] = [
  {
    kind: "conflicts",
    figures: FIGURES,
    write: async (folder) => writeConflictsReport(await exampleReport(), folder),
  },
  {
    kind: "evaluation",
    figures: EVALUATION_FIGURES,
    write: async (folder) => {
      const { results, predictions } = exampleEvaluation();
      await writeEvaluationReport(results, folder, predictions);
    },
  },
  {
    kind: "search",
    figures: SEARCH_FIGURES,
    write: (folder) => writeSearchReport(exampleSearch(), folder),
  },
  {
    kind: "trajectory",
    figures: TRAJECTORY_FIGURES,
    write: async (folder) => writeTrajectoryReport(exampleTrajectory(await exampleReport()), folder),
  },
];

describe.skipIf(executablePath === undefined)("the HTML report", () => {
  let browser: Browser;
  const root = mkdtempSync(join(tmpdir(), "tiesmith-test-"));

  beforeAll(async () => {
    for (const { kind, write } of PAGES) await write(join(root, kind));
    browser = await openBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const looks = PAGES.flatMap(({ kind, figures }) => VIEWS.map((view) => ({ kind, figures, ...view })));
  it.each(looks)(
    "of $kind shows every figure and overflows nowhere, $colorScheme, $width px wide",
    async (look) => {
      const { kind, figures, ...view } = look;
      const seen = await lookAt(browser, join(root, kind), view);
      expect(seen.complaints).toEqual([]);
      expect(seen.scrollWidth).toBeLessThanOrEqual(view.width);
      expect(seen.figures.map(({ name }) => name)).toEqual(figures);
      for (const figure of seen.figures) {
        expect(figure, figure.name).toMatchObject({ shown: 1, inside: true });
        expect(figure.marks, figure.name).toBeGreaterThan(1);
        expect(figure.smallestText, figure.name).toBeGreaterThanOrEqual(9);
        expect(figure.contrast, figure.name).toBeGreaterThanOrEqual(4.5);
      }
      expect(seen.contrast).toBeGreaterThanOrEqual(7);
      expect(seen.isDark).toBe(view.colorScheme === "dark");
    },
  );

  it("filters rows by who was right, and lists all of them without a script", async () => {
    const url = pathToFileURL(join(root, "evaluation", "report.html")).href;
    const page = await browser.newPage();
    await page.goto(url);
    const list = page.locator(".browser").first();
    await list.locator("summary").click();
    const [base, sft] = [list.locator("select").nth(0), list.locator("select").nth(1)];
    expect(await list.locator("output").textContent()).toBe("4 of 4 rows");
    await base.selectOption("wrong");
    await sft.selectOption("right");
    expect(await list.locator("output").textContent()).toBe("1 of 4 rows");
    expect(await list.locator("li:visible .title").allTextContents()).toEqual(["row 2"]);
    await page.close();
    const plain = await browser.newPage({ javaScriptEnabled: false });
    await plain.goto(url);
    const same = plain.locator(".browser").first();
    await same.locator("summary").click();
    expect(await same.locator("li:visible").count()).toBe(4);
    expect(await same.locator("select:visible").count()).toBe(0);
    await plain.close();
  });
});
