/** The style sheet of a page. */
import { DARK, LIGHT, schemeVariables } from "./theme.ts";

export const STYLE = `
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
figcaption, caption, .title { color: var(--muted); font-size: 0.9rem; }
figcaption b { color: var(--ink); font-weight: 600; }
caption { text-align: left; padding-bottom: 0.3rem; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.6rem 0.25rem 0; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--muted); }
.right { text-align: right; }
td u { text-underline-offset: 0.2em; }
pre { overflow-x: auto; margin: 0.3rem 0 1rem; padding: 0.75rem; border: 1px solid var(--line); border-radius: 4px;
  font-size: 0.85rem; line-height: 1.45; }
@media (max-width: 40rem) { .wide { display: none; } .narrow { display: block; } body { font-size: 15px; } }
`;

/** For pages that list rows. */
export const BROWSER_STYLE = `
details { margin: 0.6rem 0; border: 1px solid var(--line); border-radius: 4px; padding: 0.4rem 0.75rem; }
summary { cursor: pointer; font-weight: 600; }
.filters { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: baseline; margin: 0.6rem 0; font-size: 0.9rem; }
.filters[hidden] { display: none; }
select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--muted); border-radius: 3px; }
ol { list-style: none; margin: 0; padding: 0; }
ol > li { border-top: 1px solid var(--line); padding: 0.5rem 0; font-size: 0.9rem; }
.asked { white-space: pre-wrap; margin: 0.2rem 0; max-height: 12rem; overflow-y: auto; }
.answers { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; margin: 0.2rem 0; }
.yes::before { content: "✓ "; color: var(--third); font-weight: 600; }
.no::before { content: "✗ "; color: var(--second); font-weight: 600; }
`;
