/** A document as one HTML file that needs nothing else: no script, no font, no network. */
import type { Figure, ReportDocument, ReportTable } from "./document.ts";
import { escapeXml, renderSvg } from "./render-svg.ts";
import { DARK, LIGHT, schemeVariables, withVariables } from "./theme.ts";

/** Figures are drawn for both, so that text in them has its size on a phone, too. */
const WIDE = 720;
const NARROW = 330;

const STYLE = `
:root { color-scheme: light dark; ${schemeVariables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${schemeVariables(DARK)} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.5rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
p { margin: 0.6rem 0; }
figure { margin: 1.5rem 0; }
figure svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
figcaption, caption { color: var(--muted); font-size: 0.9rem; }
figcaption b { color: var(--ink); font-weight: 600; }
caption { text-align: left; padding-bottom: 0.3rem; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.6rem 0.25rem 0; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--muted); }
.right { text-align: right; }
@media (max-width: 40rem) { .wide { display: none; } .narrow { display: block; } body { font-size: 15px; } }
`;

/** The page, figures included. */
export async function htmlOf(document: ReportDocument): Promise<string> {
  const { title, lead, sections } = document;
  const parts: string[] = [];
  for (const section of sections) {
    const figures: string[] = [];
    for (const figure of section.figures ?? []) figures.push(await figureOf(figure));
    parts.push(
      `<section>\n<h2>${escapeXml(section.title)}</h2>`,
      ...(section.paragraphs ?? []).map(paragraph),
      ...figures,
      ...(section.tables ?? []).map(tableOf),
      "</section>",
    );
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeXml(title)}</h1>
${lead.map(paragraph).join("\n")}
${parts.join("\n")}
</main>
</body>
</html>
`;
}

const paragraph = (text: string) => `<p>${escapeXml(text)}</p>`;

async function figureOf(figure: Figure): Promise<string> {
  const drawn = async (width: number, kind: string) => {
    const svg = await renderSvg({ ...figure, name: `${figure.name}-${kind}` }, width);
    return `<div class="${kind}">${withVariables(svg)}</div>`;
  };
  const caption = `<b>${escapeXml(figure.title)}.</b> ${escapeXml(figure.caption)}`;
  const drawings = [await drawn(WIDE, "wide"), await drawn(NARROW, "narrow")];
  return `<figure id="${figure.name}">${drawings.join("")}<figcaption>${caption}</figcaption></figure>`;
}

function tableOf({ title, columns, rows }: ReportTable): string {
  const kind = columns.map(({ align }) => (align === "right" ? ' class="right"' : ""));
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell, i) => `<${tag}${kind[i] ?? ""}>${escapeXml(cell)}</${tag}>`).join("")}</tr>`;
  const caption = title === undefined ? "" : `<caption>${escapeXml(title)}</caption>`;
  const head = row(
    columns.map((column) => column.title),
    "th",
  );
  // Focusable, so that it can be scrolled without a mouse.
  return `<div class="scroll" tabindex="0"><table>${caption}<thead>${head}</thead><tbody>${rows
    .map((cells) => row(cells, "td"))
    .join("")}</tbody></table></div>`;
}
