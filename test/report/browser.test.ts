/** The HTML report in a browser: figures are there, both schemes are readable, nothing overflows. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { writeConflictsReport } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleReport, FIGURES } from "./example-report.ts";

const BROWSERS = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const executablePath = BROWSERS.find((path) => path !== "" && existsSync(path));
if (executablePath === undefined)
  console.warn("SKIPPED: the report in a browser, since no Chromium is installed (or named by CHROMIUM)");

const VIEWS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1280, 360].map((width) => ({ colorScheme, width })),
);

describe.skipIf(executablePath === undefined)("the HTML report", () => {
  let browser: Browser;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
    await writeConflictsReport(await exampleReport(), folder);
    url = pathToFileURL(join(folder, "report.html")).href;
    // Containers and CI run as root, where Chromium has no sandbox; the page is our own file.
    browser = await chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(VIEWS)("shows every figure and overflows nowhere, $colorScheme, $width px wide", async (view) => {
    const { colorScheme, width } = view;
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(url);
    const seen = await page.evaluate(LOOK);
    await page.close();
    expect(complaints).toEqual([]);
    expect(seen.scrollWidth).toBeLessThanOrEqual(width);
    expect(seen.figures.map(({ name }) => name)).toEqual(FIGURES);
    for (const figure of seen.figures) {
      expect(figure, figure.name).toMatchObject({ shown: 1, inside: true });
      expect(figure.marks, figure.name).toBeGreaterThan(1);
      expect(figure.smallestText, figure.name).toBeGreaterThanOrEqual(9);
      expect(figure.contrast, figure.name).toBeGreaterThanOrEqual(4.5);
    }
    expect(seen.contrast).toBeGreaterThanOrEqual(7);
    expect(seen.isDark).toBe(colorScheme === "dark");
  });
});

/** Runs in the page. As text, since what is compiled here for Node may name helpers that a page lacks. */
const LOOK = `(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3)
      .map((part) => part / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  const contrast = (colour) => {
    const [dark, light] = [paper, luminance(colour)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const figures = [...document.querySelectorAll("figure")].map((figure) => {
    const shown = [...figure.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
    const box = shown[0].getBoundingClientRect();
    const texts = [...shown[0].querySelectorAll("text")].filter((text) => text.textContent.trim() !== "");
    const scale = box.width / shown[0].viewBox.baseVal.width;
    const inside = texts.every((text) => {
      const own = text.getBoundingClientRect();
      return own.left >= box.left - 1 && own.right <= box.right + 1 && own.top >= box.top - 1 && own.bottom <= box.bottom + 1;
    });
    const labels = [...shown[0].querySelectorAll(".role-axis-label text, .role-axis-title text, .role-legend-label text")];
    return {
      name: figure.id,
      shown: shown.length,
      inside: inside && box.left >= 0 && box.right <= document.documentElement.clientWidth + 1,
      marks: shown[0].querySelectorAll(".role-mark path, .role-mark text, .role-mark line").length,
      smallestText: Math.min(...texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * scale)),
      contrast: Math.min(...labels.map((text) => contrast(getComputedStyle(text).fill))),
    };
  });
  return {
    scrollWidth: document.documentElement.scrollWidth,
    figures,
    contrast: contrast(getComputedStyle(document.body).color),
    isDark: paper < 0.2,
  };
})()` as unknown as () => {
  scrollWidth: number;
  figures: {
    name: string;
    shown: number;
    inside: boolean;
    marks: number;
    smallestText: number;
    contrast: number;
  }[];
  contrast: number;
  isDark: boolean;
};
