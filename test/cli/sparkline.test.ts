import { expect, it } from "vitest";
import { sparkline } from "../../src/cli/sparkline.ts";

it("draws from zero to the largest", () => {
  expect(sparkline([0, 1, 2, 4, 8])).toBe("▁▂▃▅█");
});

it("leaves a gap for what is not known, and draws nothing but zeros low", () => {
  expect(sparkline([8, null, 8])).toBe("█ █");
  expect(sparkline([0, 0])).toBe("▁▁");
  expect(sparkline([])).toBe("");
});

it("starts from the least where that is negative", () => {
  expect(sparkline([-4, 0, 4])).toBe("▁▅█");
});
