/** Draws a figure as SVG. Vega is loaded when the first one is drawn: it takes half a second. */
import type { Figure } from "./document.ts";
import { LIGHT } from "./theme.ts";

const FONT = "system-ui, sans-serif";

const CONFIG = {
  font: FONT,
  padding: 4,
  view: { stroke: null },
  axis: {
    labelColor: LIGHT.muted,
    titleColor: LIGHT.ink,
    titleFontWeight: "normal",
    labelFontSize: 12,
    titleFontSize: 13,
    gridColor: LIGHT.line,
    domainColor: LIGHT.muted,
    tickColor: LIGHT.muted,
    labelLimit: 140,
  },
  legend: {
    labelColor: LIGHT.ink,
    titleColor: LIGHT.ink,
    titleFontWeight: "normal",
    labelFontSize: 12,
    titleFontSize: 13,
    orient: "top",
    labelLimit: 220,
    titleLimit: 300,
  },
  header: { labelColor: LIGHT.ink, titleColor: LIGHT.ink, labelFontSize: 13 },
  text: { color: LIGHT.ink },
};

/** Vega-Lite warns that a height by rows is not fitted, which is what is meant. */
const SILENT = {
  level: () => SILENT,
  error: () => SILENT,
  warn: () => SILENT,
  info: () => SILENT,
  debug: () => SILENT,
} as never;

/** The figure as one SVG element that scales with its width; without a `background` the page shows through. */
export async function renderSvg(
  figure: Figure,
  width: number,
  background: string | null = null,
): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const spec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    data: { values: figure.data },
    width,
    ...figure.spec(width),
    autosize: { type: "fit-x", contains: "padding" },
    config: { ...CONFIG, background },
  };
  const { spec: compiled } = compile(spec as never, { logger: SILENT });
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return named(svg, figure);
}

/** With a title for those who cannot see it, and ids of its own, so that several can stand in one page. */
function named(svg: string, { name, title, caption }: Figure): string {
  const label = escapeXml(`${title}. ${caption}`);
  return svg
    .replace(/^[\s\S]*?<svg /, `<svg role="img" aria-label="${label}" `)
    .replace(/\b(id="|url\(#)([\w-]+)/g, `$1${name}-$2`);
}

/** Text as XML and HTML may hold it. */
export function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
