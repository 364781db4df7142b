/** A document as Markdown, with its figures beside it as SVG. */
import type { Cell, CodeBlock, ReportDocument, ReportTable } from "./document.ts";

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
    for (const block of section.code ?? []) blocks.push(...codeOf(block));
  }
  return `${blocks.join("\n\n")}\n`;
}

function tableOf({ title, columns, rows }: ReportTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map(({ align }) => (align === "right" ? "--:" : "---"));
  const table = [
    line(columns.map((column) => escapeMarkdown(column.title))),
    line(rule),
    ...rows.map((row) => line(row.map(cellOf))),
  ].join("\n");
  return title === undefined ? [table] : [`**${escapeMarkdown(title)}**`, table];
}

function cellOf(cell: Cell): string {
  if (typeof cell === "string") return escapeMarkdown(cell);
  const text = escapeMarkdown(cell.text);
  if (cell.rank === undefined) return text;
  return cell.rank === 1 ? `**${text}**` : `<u>${text}</u>`;
}

/** The fence is longer than any in the text. */
function codeOf({ title, language, text }: CodeBlock): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`**${escapeMarkdown(title)}**`, `${fence}${language}\n${text.trimEnd()}\n${fence}`];
}

/** Names of models may hold anything: nothing in them becomes markup, a link or a table's border. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[\\`*_[\]<>|#]/g, "\\$&");
}
