/** From answers to right and wrong: rankings, extraction, unparsable output, and how sure a score is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extractAnswer, isSameAnswer, numberOf } from "../../src/evaluate/extraction.ts";
import { findTask } from "../../src/evaluate/read-task.ts";
import { bestChoice } from "../../src/evaluate/scoring.ts";
import { accuracy, average, pairedBootstrap } from "../../src/evaluate/statistics.ts";
import type { Scoring } from "../../src/evaluate/task.ts";
import { findUnparsable } from "../../src/evaluate/unparsable.ts";

type Generation = Extract<Scoring, { method: "generation" }>;
const extractOf = (name: string) => (findTask(name).task.scoring as Generation).extract;

describe("bestChoice", () => {
  it("takes the likeliest, by sum, by character and by byte: in Indic scripts they differ", () => {
    // 3, 9 and 2 code points; 9, 9 and 6 bytes.
    const choices = ["தமி", "nine char", "மி"];
    expect(bestChoice(choices, [-6, -9.5, -5], "none")).toBe(2);
    expect(bestChoice(choices, [-6, -9.5, -5], "characters")).toBe(1);
    expect(bestChoice(choices, [-6, -9.5, -5], "bytes")).toBe(0);
  });

  it("takes the first of equals, and none where nothing is known", () => {
    expect(bestChoice(["a", "b"], [-1, -1], "none")).toBe(0);
    expect(bestChoice(["a", "b"], [null, -3], "none")).toBe(1);
    expect(bestChoice(["a", "b"], [null, null], "none")).toBe(-1);
  });
});

describe("MGSM's rule", () => {
  const rule = extractOf("mgsm");
  it.each([
    ["48 + 24 = 72", "72", true],
    ["she pays $1,234.", "1234", true],
    ["1,234.50", "1234.5", true],
    ["-5", "-5", true],
    ["-5", "5", false],
    ["12 then 7", "12", false],
    ["0.5", ".5", true],
  ])("%j is %j: %s", (text, gold, right) => {
    const found = extractAnswer(text, rule);
    expect(found !== null && isSameAnswer(found, gold, rule.compare)).toBe(right);
  });

  it("finds nothing in a text without digits", () => {
    expect(extractAnswer("ఏమీ లేదు", rule)).toBeNull();
    expect(extractAnswer("", rule)).toBeNull();
  });
});

describe("MLiC-Eval's rules", () => {
  it("take the last number of a sum, without commas and the final full stop", () => {
    const rule = extractOf("mlic-math");
    expect(extractAnswer("12 + 1,000 = 1,012.", rule)).toBe("1012");
    expect(extractAnswer("答案：3.50。", rule)).toBe("3.50");
    expect(extractAnswer("-7", rule)).toBe("7");
    expect(extractAnswer("ᠬᠠᠷᠢᠭᠤ 8", rule)).toBe("8");
  });

  it("take the first letter of a choice, and labels without case", () => {
    expect(extractAnswer(" The answer is B, not C", extractOf("mlic-mrc"))).toBe("B");
    expect(extractAnswer("ཁ", extractOf("mlic-rs"))).toBeNull();
    const rule = extractOf("mlic-tc");
    expect(isSameAnswer(extractAnswer("  Sports \nmore", rule) as string, "sports", rule.compare)).toBe(true);
    expect(isSameAnswer(extractAnswer("sports news", rule) as string, "sports", rule.compare)).toBe(false);
  });
});

describe("numberOf", () => {
  it("refuses what is no number", () => {
    expect(["1.2.3", "", ".", "a1", "-"].map(numberOf)).toEqual([null, null, null, null, null]);
    expect(["72.", "$5", "1,000"].map(numberOf)).toEqual([72, 5, 1000]);
  });
});

describe("findUnparsable", () => {
  it.each([
    [[0x41, 0xe1, 0xa0, 0xa4], "end", null],
    [[0x41, 0xe1, 0xa0], "length", null],
    [[0x41, 0xe1, 0xa0], "end", 1],
    [[0xe1, 0xa0], "stop", 0],
    [[0x41, 0x80], "length", 1],
    [[0xc0, 0x80], "end", 0],
    [[0xe0, 0x80, 0x80], "end", 0],
    [[0xed, 0xa0, 0x80], "end", 0],
    [[0xf4, 0x90, 0x80, 0x80], "end", 0],
    [[0xf5], "length", 0],
    [[0xe1, 0x41, 0x41], "length", 0],
    [[], "end", null],
  ] as const)("of %j, ended by %s: %s", (bytes, ended, at) => {
    expect(findUnparsable(Uint8Array.from(bytes), ended)).toBe(at);
  });

  it("agrees with a strict decoder on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let isValid = true;
        try {
          new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        } catch {
          isValid = false;
        }
        const at = findUnparsable(bytes, "end");
        expect(at === null).toBe(isValid);
        if (at !== null) expect(findUnparsable(bytes.subarray(0, at), "end")).toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});

describe("accuracy", () => {
  it("has the standard error of a sample and Wilson's interval", () => {
    // 20 rows, 4 right: the error that lm-evaluation-harness recorded for such a task.
    expect(accuracy(4, 20).standardError).toBeCloseTo(0.09176629354822471, 12);
    const { low, high } = accuracy(10, 100);
    expect([low, high]).toEqual([expect.closeTo(0.05522914, 7), expect.closeTo(0.17436566, 7)]);
  });

  it("stays inside 0 to 1 at both ends", () => {
    expect(accuracy(0, 50)).toMatchObject({
      value: 0,
      standardError: 0,
      low: 0,
      high: expect.closeTo(0.0713476, 6),
    });
    expect(accuracy(50, 50)).toMatchObject({ value: 1, high: 1, low: expect.closeTo(0.9286524, 6) });
  });

  it("is averaged with the same weight for every task", () => {
    const mean = average([accuracy(10, 20), accuracy(90, 100)]);
    expect(mean.value).toBeCloseTo(0.7);
    expect(mean.standardError).toBeCloseTo(Math.sqrt(0.25 / 19 + 0.09 / 99) / 2, 12);
  });
});

describe("pairedBootstrap", () => {
  const rows = (pattern: string) => [...pattern].map((letter) => letter === "1");

  it("has the interval that the normal distribution tells for many rows", () => {
    const first = rows("1110".repeat(100));
    const second = rows("1010".repeat(100));
    const { difference, low, high, pValue } = pairedBootstrap(first, second);
    // Every fourth row differs: sd = √(0.25 · 0.75), error = sd / √400 = 0.02165.
    expect(difference).toBe(0.25);
    expect(low).toBeCloseTo(0.25 - 1.96 * 0.02165, 2);
    expect(high).toBeCloseTo(0.25 + 1.96 * 0.02165, 2);
    expect(pValue).toBe(0);
  });

  it("sees no difference between equal models, and turns its sign with them", () => {
    const [a, b] = [rows("110100"), rows("010110")];
    expect(pairedBootstrap(a, a)).toEqual({ difference: 0, low: 0, high: 0, pValue: 1 });
    expect(pairedBootstrap(a, b).difference).toBe(-pairedBootstrap(b, a).difference + 0);
    expect(pairedBootstrap(a, b)).toEqual(pairedBootstrap(a, b));
    expect(pairedBootstrap(a, b).pValue).toBeGreaterThan(0.5);
  });
});
