import { describe, expect, it } from "vitest";
import { entry, header, refused } from "./safetensors-builder.ts";

describe("an entry is refused when", () => {
  it.each([
    ["it is not an object", { a: 1 }, 0, /dtype, shape and data_offsets of tensor "a"/],
    ["it is null", { a: null }, 0, /tensor "a"/],
    [
      "it lacks its dtype",
      { a: { shape: [1], data_offsets: [0, 1] } },
      1,
      /known dtype for tensor "a".*undefined/,
    ],
    ["its dtype is unknown", { a: entry(0, 1, [1], "F31") }, 1, /known dtype for tensor "a".*"F31"/],
    ["its dtype is a property of every object", { a: entry(0, 1, [1], "constructor") }, 1, /"constructor"/],
    ["its dtype is no text", { a: entry(0, 1, [1], 4) }, 1, /found 4/],
    ["it lacks its shape", { a: { dtype: "U8", data_offsets: [0, 1] } }, 1, /shape of whole numbers/],
    ["its shape is a number", { a: entry(0, 1, 1) }, 1, /shape of whole numbers/],
    ["its shape has a negative dimension", { a: entry(0, 1, [-1, -1]) }, 1, /shape of whole numbers/],
    ["its shape has half an element", { a: entry(0, 1, [0.5, 2]) }, 1, /shape of whole numbers/],
    ["its shape holds text", { a: entry(0, 1, ["1"]) }, 1, /shape of whole numbers/],
    ["it lacks its offsets", { a: { dtype: "U8", shape: [1] } }, 1, /data_offsets \[begin, end\]/],
    ["it has three offsets", { a: { dtype: "U8", shape: [1], data_offsets: [0, 1, 2] } }, 1, /data_offsets/],
    [
      "its offsets run backwards",
      { a: { dtype: "U8", shape: [1], data_offsets: [1, 0] } },
      1,
      /data_offsets/,
    ],
    [
      "its offsets are negative",
      { a: { dtype: "U8", shape: [1], data_offsets: [-1, 0] } },
      1,
      /data_offsets/,
    ],
    ["its size is not shape × dtype", { a: entry(0, 4, [2], "F32") }, 4, /8 bytes \(F32 × \[2\]\).*span 4/],
    ["its shape overflows 64 bits to fit", { a: entry(0, 0, [2 ** 32, 2 ** 32]) }, 0, /overflows/],
    ["its shape overflows only in bytes", { a: entry(0, 0, [2 ** 50 + 1], "F64") }, 0, /overflows/],
    ["its shape overflows before it is emptied", { a: entry(0, 0, [2 ** 40, 2 ** 40, 0]) }, 0, /overflows/],
  ])("%s", (_, entries, dataBytes, message) => {
    expect(refused(header(entries), dataBytes)).toMatch(message);
  });

  it("a dimension is not exact in a double", () => {
    expect(refused('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,1]}}', 1)).toMatch(
      /whole numbers/,
    );
  });
  it("a dimension is minus zero", () => {
    expect(refused('{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}')).toMatch(/whole numbers/);
  });
  it("its name holds half a surrogate pair", () => {
    expect(refused('{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}')).toMatch(
      /half a surrogate pair/,
    );
  });
  it("its name holds a line break, and the message stays on one line", () => {
    expect(refused(header({ "a\nb": 1 }))).toContain('"a\\nb"');
  });
  it.each(["F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ"])(
    "its format is %s, named as quantised",
    (dtype) => {
      expect(refused(header({ a: entry(0, 1, [1], dtype) }), 1)).toMatch(
        `DTYPE_UNSUPPORTED: Expected F32, F16 or BF16 for tensor "a"`,
      );
      expect(refused(header({ a: entry(0, 1, [1], dtype) }), 1)).toContain(`the quantised format ${dtype}`);
    },
  );
});

describe("the layout is refused when", () => {
  it.each([
    [
      "two tensors overlap",
      { a: entry(0, 4), b: entry(2, 6) },
      6,
      /"b" to start at 4, where "a" ends.*starts at 2.*overlaps/,
    ],
    ["two tensors share their bytes", { a: entry(0, 4), b: entry(0, 4) }, 4, /overlaps/],
    ["a tensor lies inside another", { a: entry(0, 8), b: entry(2, 4), c: entry(8, 9) }, 9, /overlaps/],
    ["an empty tensor lies inside another", { a: entry(0, 8), b: entry(4, 4) }, 8, /overlaps/],
    ["there is a hole", { a: entry(0, 4), b: entry(5, 6) }, 6, /"b" to start at 4.*starts at 5.*hole/],
    ["it does not start at 0", { a: entry(1, 2) }, 2, /start at 0, where the header ends/],
    ["an empty tensor lies beyond the data", { a: entry(0, 4), b: entry(9, 9) }, 4, /hole/],
    ["the file has more data", { a: entry(0, 4) }, 5, /data follows the last tensor/],
    ["the header is empty and data follows", {}, 1, /data follows/],
  ])("%s", (_, entries, dataBytes, message) => {
    expect(refused(header(entries), dataBytes)).toMatch(message);
  });

  it("the file is truncated, with both sizes and what to do", () => {
    const text = header({ a: entry(0, 100) });
    const size = 8 + text.length;
    expect(refused(text, 60)).toMatch(
      new RegExp(
        `Expected ${size + 100} bytes in .*, but the file ends after ${size + 60}: it is truncated; download it again`,
      ),
    );
  });
});

describe("__metadata__ is refused when", () => {
  it.each([
    ["it is no object", "pt"],
    ["it is an array", ["pt"]],
    ["it is null", null],
    ["a value is a number", { step: 1 }],
    ["a value is an object", { format: {} }],
  ])("%s", (_, metadata) => {
    expect(refused(header({ __metadata__: metadata }))).toMatch(/__metadata__ to map strings to strings/);
  });
});

describe("a header that is far larger than what it says", () => {
  const nest = "[".repeat(1e5) + "]".repeat(1e5);
  it.each([
    ["an entry nested 100,000 deep", `{"a":${nest}}`, "Expected dtype, shape and data_offsets"],
    ["a shape nested so", `{"a":{"dtype":"U8","shape":${nest},"data_offsets":[0,0]}}`, "Expected a shape"],
    ["metadata nested so", `{"__metadata__":{"a":${nest}}}`, "Expected __metadata__"],
    [
      "a shape of 100,000 dimensions",
      `{"a":{"dtype":"U8","shape":[${"1,".repeat(1e5)}1],"data_offsets":[0,5]}}`,
      "Expected 1 bytes",
    ],
  ])("is refused in a short line: %s", (_, text, message) => {
    const told = refused(text);
    expect(told).toMatch(/^CHECKPOINT_INVALID: /);
    expect(told).toContain(message);
    expect(told.length).toBeLessThan(500);
  });
});
