/** Searching a cut by rounds of counting finds what sorting finds, however keys are chunked and sampled. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CutSearch, FULL_WINDOW, type ScopeCut } from "../../src/execute/cut-search.ts";
import { sampledCutOfShare, TRIM_SAMPLE } from "../../src/execute/sampling.ts";
import type { Tally, Window } from "../../src/native/addon.ts";
import { exactCut } from "./reference-cut.ts";

/** Counts keys as the addon does: per bin a count, and which of the dropped bits were seen set and clear. */
function tally(keys: readonly number[], { low, high, shift }: Window): Tally {
  const bins = new Uint32Array(2 * (Math.floor((high - low) / 2 ** shift) + 1));
  let above = 0;
  for (const key of keys) {
    if (key > high) above += 1;
    if (key > high || key < low) continue;
    const bin = Math.floor((key - low) / 2 ** shift);
    const dropped = (key - low) % 2 ** shift;
    const clear = 2 ** shift - 1 - dropped;
    bins[2 * bin] = (bins[2 * bin] as number) + 1;
    bins[2 * bin + 1] = (bins[2 * bin + 1] as number) | dropped | (clear << 16);
  }
  return { above, bins: bins.buffer };
}

interface Found {
  readonly cut: ScopeCut;
  readonly rounds: number;
}

/** Searches over chunks, which report in the order of `order`, from where a sample (if given) says the cut is. */
function search(
  chunks: readonly number[][],
  wanted: number,
  order: readonly number[],
  sample?: readonly number[],
): Found {
  const keyCount = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const first =
    sample === undefined
      ? FULL_WINDOW
      : sampledCutOfShare(
          { ...tally(sample, TRIM_SAMPLE), window: TRIM_SAMPLE },
          wanted / keyCount,
          sample.length,
          false,
        ).bracket;
  const searching = new CutSearch(chunks.length, first);
  let rounds = 0;
  for (; searching.window !== null; rounds++) {
    if (rounds > 8) throw new Error("the search does not end");
    for (const i of order) searching.take(i, tally(chunks[i] as number[], searching.window));
    searching.endRound(wanted);
  }
  return { cut: searching.cut, rounds };
}

function expectCut(chunks: readonly number[][], wanted: number, { cut }: Found): void {
  const keys = chunks.flat();
  const { facts } = exactCut(keys, wanted);
  expect({ threshold: cut.threshold, tied: cut.tied, taken: cut.taken }).toEqual(facts);
  let before = 0;
  for (const [i, chunk] of chunks.entries()) {
    expect(cut.firstTies[i]).toBe(before);
    before += chunk.filter((key) => key === facts.threshold).length;
  }
}

const anyKey = fc.integer({ min: 0, max: 0x7fffffff });
/** Keys of few values, of neighbours, and of anything: bins with one key, and with many. */
const keysOf = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 0x3f800000, 0x3f810000, 0x7f7fffff, 0x7fffffff), {
    minLength: 1,
    maxLength: 300,
  }),
  fc.array(fc.integer({ min: 0x3f800000, max: 0x3f800020 }), { minLength: 1, maxLength: 300 }),
  fc.array(anyKey, { minLength: 1, maxLength: 300 }),
);
const scopes = fc.record({
  keys: keysOf,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  chunkCount: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(),
});

function inChunks(keys: readonly number[], chunkCount: number): number[][] {
  const size = Math.ceil(keys.length / chunkCount);
  return Array.from({ length: chunkCount }, (_, i) => keys.slice(i * size, (i + 1) * size));
}

describe("the cut that is found is that of sorting", () => {
  it("from all keys, in any order of the chunks", () => {
    fc.assert(
      fc.property(scopes, ({ keys, share, chunkCount, seed }) => {
        const wanted = Math.max(1, Math.floor(share * keys.length));
        const chunks = inChunks(keys, chunkCount);
        const order = chunks.map((_, i) => (i + seed) % chunkCount).reverse();
        expectCut(chunks, wanted, search(chunks, wanted, order));
      }),
      { numRuns: 150 },
    );
  });

  it("whatever a sample says, be it drawn from other keys", () => {
    fc.assert(
      fc.property(scopes, fc.array(anyKey, { maxLength: 200 }), (scope, sample) => {
        const { keys, share, chunkCount } = scope;
        const wanted = Math.max(1, Math.floor(share * keys.length));
        const chunks = inChunks(keys, chunkCount);
        expectCut(chunks, wanted, search(chunks, wanted, [...chunks.keys()], sample));
      }),
      { numRuns: 150 },
    );
  });
});

describe("rounds", () => {
  const bf16Keys = (count: number) =>
    Array.from({ length: count }, (_, i) => (0x3f00 + ((i * 7919) % 200)) << 16);

  it("one is enough for half-precision magnitudes, whose bins hold one key each", () => {
    const chunks = inChunks(bf16Keys(5000), 3);
    const found = search(chunks, 1234, [0, 1, 2]);
    expect(found.rounds).toBe(1);
    expectCut(chunks, 1234, found);
  });

  it("one is enough after a fair sample", () => {
    const chunks = inChunks(bf16Keys(20_000), 3);
    const sample = chunks.flat().filter((_, i) => i % 10 === 0);
    expect(search(chunks, 7000, [0, 1, 2], sample).rounds).toBe(1);
  });

  it("three are enough for any keys", () => {
    const keys = Array.from({ length: 3000 }, (_, i) => 0x3f800000 + ((i * 48271) % 4099));
    const chunks = inChunks(keys, 2);
    for (const wanted of [1, 500, 2999, 3000])
      expect(search(chunks, wanted, [0, 1]).rounds).toBeLessThanOrEqual(3);
  });

  it("start with the full window, and end with none", () => {
    const searching = new CutSearch(1);
    expect(searching.window).toEqual(FULL_WINDOW);
    expect(() => searching.cut).toThrow(/not ended/);
    searching.take(0, tally([5, 5, 7], FULL_WINDOW));
    searching.endRound(3);
    while (searching.window !== null) {
      searching.take(0, tally([5, 5, 7], searching.window));
      searching.endRound(3);
    }
    expect(searching.cut).toEqual({ threshold: 5, tied: 2, taken: 2, firstTies: [0] });
  });

  it("find the ties' places by one more, where the chunks' counts were too many to keep", () => {
    // 40 chunks of the full window's bins are beyond what is kept.
    const chunks = inChunks(bf16Keys(400), 40);
    const found = search(chunks, 100, [...chunks.keys()]);
    expect(found.rounds).toBe(2);
    expectCut(chunks, 100, found);
  });
});
