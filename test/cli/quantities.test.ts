import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMagnitude,
  formatRate,
  formatShare,
  formatWhole,
  plural,
} from "../../src/cli/quantities.ts";

describe("formatWhole", () => {
  it("groups digits as English does", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (count) => {
        expect(formatWhole(count)).toBe(count.toLocaleString("en-US"));
      }),
    );
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [2.2e9, "2.20 GB"],
    [57_666, "57.7 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [9.995e6, "10.0 MB"],
    [5e9, "5.00 GB"],
  ])("%d is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("is within half a percent of the truth, with three digits", () => {
    const units: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 };
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (bytes) => {
        const [value = "", unit = ""] = formatBytes(bytes).split(" ");
        expect(value.replace(".", "").length).toBeLessThanOrEqual(3);
        expect(Math.abs(Number(value) * (units[unit] ?? Number.NaN) - bytes)).toBeLessThanOrEqual(
          bytes * 0.005,
        );
      }),
    );
  });
});

describe("formatCount", () => {
  it("counts in thousands, millions and billions", () => {
    expect([21, 27_808, 377_487_360, 1_100_048_384].map(formatCount)).toEqual([
      "21",
      "27.8 K",
      "377 M",
      "1.10 B",
    ]);
  });
});

describe("formatShare", () => {
  it("keeps 0% for nothing and 100% for everything", () => {
    expect(formatShare(0, 10)).toBe("0%");
    expect(formatShare(10, 10)).toBe("100%");
    expect(formatShare(1, 1e9)).toBe("<0.01%");
    expect(formatShare(1e9 - 1, 1e9)).toBe("99.99%");
    expect(formatShare(1e9 - 1, 1e9, 1)).toBe("99.9%");
    expect(formatShare(1, 5)).toBe("20.00%");
  });

  it("is a dash of nothing", () => {
    expect(formatShare(0, 0)).toBe("–");
  });
});

describe("formatDuration", () => {
  it.each([
    [0.418, "0.42 s"],
    [7.12, "7.1 s"],
    [5, "5 s"],
    [9.97, "10 s"],
    [59.6, "1 min 00 s"],
    [185, "3 min 05 s"],
    [3600, "1 h 00 min"],
    [7649, "2 h 07 min"],
  ])("%d is %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe("formatMagnitude", () => {
  it("has three digits at most, however small", () => {
    expect([0, 0.0151, 0.29, 1.41, 4.8e-4, 12_345].map(formatMagnitude)).toEqual([
      "0",
      "0.0151",
      "0.29",
      "1.41",
      "4.8e-4",
      "1.2e+4",
    ]);
  });
});

describe("formatRate", () => {
  it("is in GB/s, and in small units where that would be zero", () => {
    expect(formatRate(3e9, 2)).toBe("1.50 GB/s");
    expect(formatRate(3e6, 2)).toBe("1.50 MB/s");
  });

  it("is a dash before any time has passed", () => {
    expect(formatRate(0, 0)).toBe("– GB/s");
  });
});

describe("plural", () => {
  it("agrees with its number", () => {
    expect([0, 1, 1291].map((count) => plural(count, "tensor"))).toEqual([
      "0 tensors",
      "1 tensor",
      "1,291 tensors",
    ]);
  });
});
