/** Rows to look through: a list that reads without a script, and a small script that filters it by who was right. */
import { createHash } from "node:crypto";
import type { BrowsedRow, RowBrowser } from "./document.ts";
import { escapeXml } from "./render-svg.ts";

/**
 * Shows the filters, which would do nothing without it. A row's `data-r` has a 1 or a 0 for each model; a select's value
 * is what is wanted there, or nothing.
 */
const SCRIPT = `
for (const browser of document.querySelectorAll(".browser")) {
  const filters = browser.querySelector(".filters");
  const wanted = [...filters.querySelectorAll("select")];
  const rows = [...browser.querySelectorAll("li[data-r]")];
  const filter = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = wanted.some(({ value }, i) => value !== "" && row.dataset.r[i] !== value);
      if (!row.hidden) shown++;
    }
    filters.querySelector("output").textContent = shown + " of " + rows.length + " rows";
  };
  filters.addEventListener("change", filter);
  filters.hidden = false;
  filter();
}
`;

/** The script element for the end of a page with browsers. */
export const BROWSER_SCRIPT = `<script>${SCRIPT}</script>`;

/** What a content security policy names it by. */
export const BROWSER_SCRIPT_HASH = `sha256-${createHash("sha256").update(SCRIPT).digest("base64")}`;

/** One list, closed until it is asked for. */
export function browserOf({ title, models, rows }: RowBrowser): string {
  const selects = models.map(
    (model) =>
      `<label>${escapeXml(model)} <select><option value="">any</option><option value="1">right</option><option value="0">wrong</option></select></label>`,
  );
  return `<details class="browser">
<summary>${escapeXml(title)}</summary>
<form class="filters" hidden autocomplete="off">${selects.join("")}<output></output></form>
<ol>
${rows.map((row) => rowOf(row, models)).join("\n")}
</ol>
</details>`;
}

/** Texts are in any script: each finds its own direction. */
function rowOf({ label, text, expected, answers }: BrowsedRow, models: readonly string[]): string {
  const right = answers.map(({ correct }) => Number(correct)).join("");
  const told = answers.map(
    (answer, i) =>
      `<span class="${answer.correct ? "yes" : "no"}">${escapeXml(models[i] ?? "")}: <bdi>${escapeXml(answer.text)}</bdi></span>`,
  );
  const asked = text === "" ? "" : `<div class="asked" dir="auto">${escapeXml(text)}</div>`;
  return `<li data-r="${right}"><span class="title">${escapeXml(label)}</span>${asked}<div>right: <bdi>${escapeXml(expected)}</bdi></div><div class="answers">${told.join("")}</div></li>`;
}
