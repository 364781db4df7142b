import { describe, expect, it } from "vitest";
import { shown, shownShape } from "../../src/checkpoint/wording.ts";

describe("a value in a message", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [5, "5"],
    ["a\nb", '"a\\nb"'],
    [[1, [2, "x"]], '[1,[2,"x"]]'],
    [{ a: [], b: {} }, '{"a":[],"b":{}}'],
    [{ a: { b: { c: { d: 1 } } } }, '{"a":{"b":{"c":…}}}'],
    [Array(30).fill(0), `[${"0,".repeat(20)}…]`],
  ])("is JSON without what lies deep or far back: %j", (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it("is cut at 120 characters, however deep, wide or long it is", () => {
    const deep = JSON.parse("[".repeat(1e5) + "]".repeat(1e5));
    const wide = Array(1e6).fill({ key: "value" });
    for (const value of [deep, wide, "x".repeat(1e6), { ["k".repeat(1e6)]: deep }])
      expect(shown(value).length).toBeLessThanOrEqual(123);
  });

  it("is, for a shape, its first eight dimensions", () => {
    expect(shownShape([])).toBe("[]");
    expect(shownShape([4096, 128])).toBe("[4096, 128]");
    expect(shownShape(Array(1e5).fill(1))).toBe("[1, 1, 1, 1, 1, 1, 1, 1, … 100000 dimensions]");
  });
});
