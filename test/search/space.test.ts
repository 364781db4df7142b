/** Points of a space: all, by chance, and on axes from 0 to 1. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCondition } from "../../src/search/conditions.ts";
import { randomFor } from "../../src/search/random.ts";
import type { SearchVariable } from "../../src/search/results.ts";
import { gridPoints, placeOf, pointKey, randomPoint, sizeOf, valueAt } from "../../src/search/space.ts";
import { condition, list, range } from "./space-builder.ts";

describe("a grid", () => {
  it("has every point once, the last variable changing fastest", () => {
    const space = { variables: [list("a", 1, 2), list("b", "x", "y")], where: [] };
    expect(gridPoints(space)).toEqual([
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
      { a: 2, b: "y" },
    ]);
  });

  it("has one point without variables", () => {
    expect(gridPoints({ variables: [], where: [] })).toEqual([{}]);
  });

  it("chooses a conditional variable only where its condition holds", () => {
    const slack: SearchVariable = {
      ...list("slack", 0.02, 0.04),
      when: { variables: { k: [1] }, otherwise: 0 },
    };
    const points = gridPoints({ variables: [list("k", 0.2, 1), slack], where: [] });
    expect(points).toEqual([
      { k: 0.2, slack: 0 },
      { k: 1, slack: 0.02 },
      { k: 1, slack: 0.04 },
    ]);
  });

  it("keeps to its conditions", () => {
    const variables = [list("a", 1, 2, 3), list("b", 1, 2, 3)];
    const points = gridPoints({ variables, where: [condition("a > b"), condition("a != 2")] });
    expect(points).toEqual([
      { a: 3, b: 1 },
      { a: 3, b: 2 },
    ]);
  });

  it("ends where it is told to", () => {
    expect(gridPoints({ variables: [list("a", 1, 2, 3)], where: [] }, 2)).toHaveLength(2);
  });
});

describe("a condition", () => {
  it.each(["a >", "> b", "a b", "a >= b >= 1", "1 < a", "a < word", ""])("is not %j", (text) => {
    expect(parseCondition(text, ["a", "b"])).toBeNull();
  });

  it.each([
    ["a >= b", { a: 1, b: 1 }, true],
    ["a < 1.5", { a: 1.5 }, false],
    ["a == majority", { a: "majority" }, true],
    ["a != true", { a: true }, false],
  ])("%s of %j is %s", (text, point, expected) => {
    const space = { variables: [], where: [condition(text, Object.keys(point))] };
    const variables = Object.entries(point).map(([name, value]) => list(name, value));
    expect(gridPoints({ ...space, variables }).length === 1).toBe(expected);
  });
});

const anyVariable = fc.oneof(
  fc.uniqueArray(fc.integer({ min: -9, max: 9 }), { minLength: 1 }).map((values) => list("v", ...values)),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 99 }))
    .map(([a, b]) => range("v", a, b)),
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 99 }))
    .map(([a, b]) => range("v", a, b, "log")),
);

describe("an axis", () => {
  it("leads from a value to its place and back, whatever the variable", () => {
    fc.assert(
      fc.property(anyVariable, fc.double({ min: 0, max: 1, noNaN: true }), (variable, place) => {
        const value = valueAt(variable, place);
        const again = valueAt(variable, placeOf(variable, value));
        if (variable.values === null) expect(again).toBeCloseTo(value as number, 3);
        else expect(again).toBe(value);
      }),
    );
  });

  it("ends at the ends of a range, and holds what lies outside there", () => {
    const variable = range("v", 0.01, 1, "log");
    expect([-1, 0, 0.5, 1, 2].map((place) => valueAt(variable, place))).toEqual([0.01, 0.01, 0.1, 1, 1]);
  });
});

describe("points by chance", () => {
  it("are the same for the same key, and others for another", () => {
    const space = { variables: [range("a", 0, 1), list("b", 1, 2, 3)], where: [] };
    const draw = (key: number) => randomPoint(space, randomFor("test", key));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("keep to the conditions, and are none where those leave nothing", () => {
    const space = (text: string) => ({
      variables: [range("a", 0, 1), range("b", 0, 1)],
      where: [condition(text)],
    });
    const random = randomFor("test");
    for (let i = 0; i < 100; i++) {
      const { a, b } = randomPoint(space("a > b"), random) as { a: number; b: number };
      expect(a).toBeGreaterThan(b);
    }
    expect(randomPoint(space("a > 2"), random)).toBeNull();
  });

  it("are uniform and normal in the long run", () => {
    const random = randomFor("moments");
    const draws = (of: () => number) => Array.from({ length: 20_000 }, of);
    const mean = (numbers: number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const uniform = draws(random.uniform);
    expect(mean(uniform)).toBeCloseTo(0.5, 1);
    expect(mean(uniform.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    const normal = draws(random.normal);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1);
  });
});

it("a space with a range without steps has no end", () => {
  expect(sizeOf({ variables: [list("a", 1, 2), list("b", 1, 2, 3)], where: [] })).toBe(6);
  expect(sizeOf({ variables: [range("a", 0, 1)], where: [] })).toBe(Number.POSITIVE_INFINITY);
});

it("points are equal whatever the order of their variables", () => {
  expect(pointKey({ a: 1, b: 2 })).toBe(pointKey({ b: 2, a: 1 }));
  expect(pointKey({ a: 1 })).not.toBe(pointKey({ a: "1" }));
});
