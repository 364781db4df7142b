/**
 * Hostile files. Here with fixed counts and fresh seeds; `node scripts/fuzz.mjs` sets more by the environment:
 * TIESMITH_FUZZ_TARGET, TIESMITH_FUZZ_COUNT, TIESMITH_FUZZ_SEED.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { TARGETS } from "./targets.ts";

const { TIESMITH_FUZZ_TARGET: only, TIESMITH_FUZZ_COUNT: count, TIESMITH_FUZZ_SEED: seed } = process.env;
const COUNTS: Readonly<Record<string, number>> = {
  headers: 10_000,
  indexes: 5000,
  recipes: 2000,
  objects: 2000,
};
/** What the process may grow by, garbage included; the largest input has 256 KB. */
const GROWTH_BYTES = 600 * 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), "tiesmith-fuzz-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a hostile file is read soundly or refused in one line, soon and in little memory:", () => {
  const targets = Object.entries(TARGETS).filter(([name]) => only === undefined || only === name);

  it.each(targets)("%s", { timeout: 0 }, (name, { cases, judge, acceptedPerMille }) => {
    const numRuns = Number(count ?? COUNTS[name]);
    const before = process.resourceUsage().maxRSS * 1024;
    let accepted = 0;
    fc.assert(
      fc.property(cases, (input) => {
        if (judge(input, folder)) accepted++;
      }),
      { numRuns, ...(seed !== undefined && { seed: Number(seed) }) },
    );
    expect(accepted * 1000).toBeGreaterThanOrEqual(numRuns * acceptedPerMille);
    expect(accepted).toBeLessThan(numRuns);
    expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(GROWTH_BYTES);
  });
});
