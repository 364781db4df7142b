/** docs/conflicts.md: every key of the JSON is explained, its figures are what the tool draws, its script runs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConflictsReport, conflicts, writeConflictsReport } from "tiesmith";
import { expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const TINYLANG = join(ROOT, "examples", "tinylang");
const page = readFileSync(join(ROOT, "docs", "conflicts.md"), "utf8");

/** The analysis that the page walks through. */
function analysis(): Promise<ConflictsReport> {
  const checkpoints = [join(TINYLANG, "models", "ct-x-*"), join(TINYLANG, "models", "ct-x")];
  return conflicts(join(TINYLANG, "expected", "ties-sv", "recipe.yaml"), {
    series: { checkpoints, x: [100, 200, 400], xTitle: "steps" },
    slackCurve: true,
    densities: [0.01, 0.2, 0.4, 0.6, 0.8, 1],
  });
}

/** All names of fields, but those of the recipe. */
function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...(key === "recipe" ? [] : keysOf(inner))]);
}

it("documents what the tool gives", async () => {
  const report = await analysis();
  const undocumented = [...new Set(keysOf(report))].filter((key) => !page.includes(`\`${key}\``));
  expect(undocumented).toEqual([]);
  const folder = join(temporaryFolder(), "report");
  await writeConflictsReport(report, folder);
  // Other pages have figures there, too.
  const shown = readdirSync(join(ROOT, "docs", "figures")).filter((name) =>
    page.includes(`](figures/${name})`),
  );
  expect(shown).toHaveLength(5);
  for (const name of shown) {
    const drawn = readFileSync(join(folder, "figures", name), "utf8");
    expect(readFileSync(join(ROOT, "docs", "figures", name), "utf8"), name).toBe(drawn);
  }
  const { rise, points } = report.series as NonNullable<ConflictsReport["series"]>;
  expect(page).toContain(`${(100 * (rise as number)).toFixed(1)} points here`);
  expect(points).toHaveLength(3);
});
