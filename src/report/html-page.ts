/** A document as one HTML file that needs nothing else: no font, no network, and no script but to filter rows. */
import type { Cell, CodeBlock, Figure, ReportDocument, ReportSection, ReportTable } from "./document.ts";
import { escapeXml, renderSvg } from "./render-svg.ts";
import { BROWSER_SCRIPT, BROWSER_SCRIPT_HASH, browserOf } from "./row-browser.ts";
import { BROWSER_STYLE, STYLE } from "./style.ts";
import { withVariables } from "./theme.ts";

/** Figures are drawn for both, so that text in them has its size on a phone, too. */
const WIDE = 720;
const NARROW = 330;

/** The page, figures included. */
export async function htmlOf(document: ReportDocument): Promise<string> {
  const { title, lead, sections } = document;
  const parts: string[] = [];
  for (const section of sections) parts.push(await sectionOf(section));
  const browses = sections.some(({ browsers = [] }) => browsers.length > 0);
  const script = browses ? `; script-src '${BROWSER_SCRIPT_HASH}'` : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${script}">
<title>${escapeXml(title)}</title>
<style>${STYLE}${browses ? BROWSER_STYLE : ""}</style>
</head>
<body>
<main>
<h1>${escapeXml(title)}</h1>
${lead.map(paragraph).join("\n")}
${parts.join("\n")}
</main>
${browses ? BROWSER_SCRIPT : ""}
</body>
</html>
`;
}

async function sectionOf(section: ReportSection): Promise<string> {
  const { title, paragraphs = [], figures = [], tables = [], code = [], browsers = [] } = section;
  const drawn: string[] = [];
  for (const figure of figures) drawn.push(await figureOf(figure));
  return [
    `<section>\n<h2>${escapeXml(title)}</h2>`,
    ...paragraphs.map(paragraph),
    ...drawn,
    ...tables.map(tableOf),
    ...code.map(codeOf),
    ...browsers.map(browserOf),
    "</section>",
  ].join("\n");
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
  const row = (cells: readonly Cell[], tag: string) =>
    `<tr>${cells.map((cell, i) => `<${tag}${kind[i] ?? ""}>${cellOf(cell)}</${tag}>`).join("")}</tr>`;
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

function cellOf(cell: Cell): string {
  if (typeof cell === "string") return escapeXml(cell);
  const text = escapeXml(cell.text);
  if (cell.rank === undefined) return text;
  return cell.rank === 1 ? `<b>${text}</b>` : `<u>${text}</u>`;
}

function codeOf({ title, text }: CodeBlock): string {
  return `<p class="title">${escapeXml(title)}</p>\n<pre tabindex="0"><code>${escapeXml(text)}</code></pre>`;
}
