/** A document as Markdown, with its figures beside it as SVG. */
import type { ReportDocument, ReportTable } from "./document.ts";

/** `figures/NAME.svg` is where figures are looked for. */
export function markdownOf({ title, lead, sections }: ReportDocument): string {
  const blocks = [`# ${escapeMarkdown(title)}`, ...lead.map(escapeMarkdown)];
  for (const section of sections) {
    blocks.push(`## ${escapeMarkdown(section.title)}`, ...(section.paragraphs ?? []).map(escapeMarkdown));
    for (const table of section.tables ?? []) blocks.push(...tableOf(table));
    for (const { name, title: own, caption } of section.figures ?? [])
      blocks.push(
        `![${escapeMarkdown(own)}](figures/${name}.svg)`,
        `_${escapeMarkdown(`${own}. ${caption}`)}_`,
      );
  }
  return `${blocks.join("\n\n")}\n`;
}

function tableOf({ title, columns, rows }: ReportTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map(({ align }) => (align === "right" ? "--:" : "---"));
  const table = [
    line(columns.map((column) => escapeMarkdown(column.title))),
    line(rule),
    ...rows.map((row) => line(row.map(escapeMarkdown))),
  ].join("\n");
  return title === undefined ? [table] : [`**${escapeMarkdown(title)}**`, table];
}

/** Names of models may hold anything: nothing in them becomes markup, a link or a table's border. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[\\`*_[\]<>|#]/g, "\\$&");
}
