/** Opens a written report in Chromium and measures what a reader would see. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";

const BROWSERS = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Undefined where there is none; whoever skips says so. */
export const executablePath = BROWSERS.find((path) => path !== "" && existsSync(path));

export function openBrowser(): Promise<Browser> {
  // Containers and CI run as root, where Chromium has no sandbox; the page is our own file.
  return chromium.launch({ executablePath: executablePath as string, args: ["--no-sandbox"] });
}

export interface View {
  readonly colorScheme: "light" | "dark";
  readonly width: number;
}

export const VIEWS: readonly View[] = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1280, 360].map((width) => ({ colorScheme, width })),
);

export interface Seen {
  readonly scrollWidth: number;
  readonly figures: readonly {
    readonly name: string;
    readonly shown: number;
    readonly inside: boolean;
    readonly marks: number;
    readonly smallestText: number;
    readonly contrast: number;
  }[];
  readonly contrast: number;
  readonly isDark: boolean;
  /** What the page said on its console, its errors, and what it asked for beside itself. */
  readonly complaints: readonly string[];
}

/** Opens `report.html` of a folder; keeps a picture of it where LOOKED_AT names a folder. */
export async function lookAt(browser: Browser, folder: string, view: View): Promise<Seen> {
  const { colorScheme, width } = view;
  const url = pathToFileURL(join(folder, "report.html")).href;
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
  return { ...seen, complaints };
}

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
})()` as unknown as () => Omit<Seen, "complaints">;
