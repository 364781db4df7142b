/** Conversions of elements: rounding, extremes, and q8_0 as ggml defines it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brainBits, firstUnfit, halfBits, halfValue, narrow, widen } from "../../src/gguf/elements.ts";
import { interleavedRow } from "../../src/gguf/rotary-rows.ts";

describe("halfBits", () => {
  it("gives back every finite f16", () => {
    for (let bits = 0; bits < 0x10000; bits++)
      if ((bits & 0x7c00) !== 0x7c00) expect(halfBits(halfValue(bits))).toBe(bits);
  });

  it("rounds to the nearest, of two equally near to the even one", () => {
    fc.assert(
      fc.property(fc.float({ min: -65_000, max: 65_000, noNaN: true }), (value) => {
        const bits = halfBits(value);
        const error = Math.abs(halfValue(bits) - value);
        const magnitude = bits & 0x7fff;
        for (const other of [magnitude - 1, magnitude + 1]) {
          if (other < 0 || other >= 0x7c00) continue;
          const distance = Math.abs(halfValue((bits & 0x8000) | other) - value);
          expect(error).toBeLessThanOrEqual(distance);
          if (error === distance) expect(magnitude % 2).toBe(0);
        }
      }),
    );
  });

  it("overflows from 65,520 on", () => {
    expect(halfBits(65_519.99)).toBe(0x7bff);
    expect(halfBits(65_520)).toBe(0x7c00);
    expect(halfBits(-1e9)).toBe(0xfc00);
    expect(Object.is(halfValue(halfBits(-0)), -0)).toBe(true);
  });
});

describe("brainBits", () => {
  it("keeps what bf16 can hold, and rounds ties to even", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7f }), (bits) => {
        expect(brainBits(widen(Uint8Array.of(bits & 0xff, bits >> 8), "BF16")[0] as number)).toBe(bits);
      }),
    );
    expect(brainBits(1 + 2 ** -8)).toBe(0x3f80);
    expect(brainBits(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(brainBits(1 + 2 ** -8 + 2 ** -20)).toBe(0x3f81);
  });
});

describe("q8_0", () => {
  it("is within half a step of every value, with the scale of the block's largest", () => {
    const value = fc.float({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 32, maxLength: 32 }), (values) => {
        const bytes = narrow(Float32Array.from(values), "q8_0");
        expect(bytes.length).toBe(34);
        const scale = halfValue((bytes[0] as number) | ((bytes[1] as number) << 8));
        const largest = Math.max(...values.map(Math.abs));
        for (const [i, original] of values.entries()) {
          const stored = ((bytes[2 + i] as number) << 24) >> 24;
          // Half a step, and what the scale lost by becoming an f16 (2^-11 of it, or half the smallest f16).
          const slack = largest * 2 ** -10 + 127 * 2 ** -25;
          expect(Math.abs(stored * scale - original)).toBeLessThanOrEqual(largest / 254 + slack + 1e-6);
        }
      }),
    );
  });

  it("stores a block of zeros as zeros", () => {
    expect([...narrow(new Float32Array(32), "q8_0")]).toEqual(new Array(34).fill(0));
  });
});

describe("firstUnfit", () => {
  it("finds NaN, infinities and what f16 cannot hold", () => {
    expect(firstUnfit(Float32Array.of(1, Number.NaN), "f32")).toBe(1);
    expect(firstUnfit(Float32Array.of(Number.NEGATIVE_INFINITY), "bf16")).toBe(0);
    expect(firstUnfit(Float32Array.of(65_519, 65_520), "f16")).toBe(1);
    expect(firstUnfit(Float32Array.of(65_520), "bf16")).toBe(-1);
  });
});

describe("interleavedRow", () => {
  it("takes rows by turns from both halves of a head", () => {
    expect(Array.from({ length: 8 }, (_, row) => interleavedRow(row, 8))).toEqual([0, 4, 1, 5, 2, 6, 3, 7]);
    expect(interleavedRow(9, 8)).toBe(12);
  });
});
