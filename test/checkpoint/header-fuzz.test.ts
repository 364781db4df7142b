import fc from "fast-check";
import { expect, it } from "vitest";
import { type Header, parseHeader } from "../../src/checkpoint/header.ts";
import { DTYPE_BYTES } from "../../src/dtypes.ts";
import { TiesmithError } from "../../src/errors.ts";
import { headerOf, type TensorData, zeros } from "./safetensors-builder.ts";

const RUNS = 10_000;

/** Parses; null means refused. Anything thrown but a TiesmithError fails the test. */
function parse(header: Uint8Array, dataBytes: number): Header | null {
  try {
    return parseHeader(header, dataBytes, "fuzz.safetensors");
  } catch (error) {
    if (error instanceof TiesmithError) return null;
    throw error;
  }
}

/** What an accepted header must guarantee to whoever maps the file, checked byte range by byte range. */
function expectSound(header: Header, headerBytes: number, dataBytes: number): void {
  const ranges = header.tensors.map(
    ({ byteOffset, byteLength }) => [byteOffset, byteOffset + byteLength] as const,
  );
  for (const [i, [begin, end]] of ranges.entries()) {
    expect(begin >= 8 + headerBytes && begin <= end && end <= 8 + headerBytes + dataBytes).toBe(true);
    for (const [otherBegin, otherEnd] of ranges.slice(0, i))
      expect(begin < otherEnd && otherBegin < end).toBe(false);
  }
  expect(ranges.reduce((sum, [begin, end]) => sum + end - begin, 0)).toBe(dataBytes);
  for (const { shape, dtype, elementCount, byteLength } of header.tensors) {
    expect(shape.reduce((product, dimension) => product * dimension, 1)).toBe(elementCount);
    expect(elementCount * DTYPE_BYTES[dtype]).toBe(byteLength);
  }
}

const dtypes = Object.entries(DTYPE_BYTES);
const tensor = fc.record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(4), { maxLength: 3 }) });
const tensors: fc.Arbitrary<Record<string, TensorData>> = fc
  .dictionary(fc.string({ unit: "grapheme", maxLength: 6 }), tensor, { maxKeys: 4, noNullPrototype: true })
  .map((specs) =>
    Object.fromEntries(
      Object.entries(specs)
        .filter(([name]) => name !== "__metadata__")
        .map(
          ([
            name,
            {
              dtype: [dtype, bytes],
              shape,
            },
          ]) => [name, zeros(dtype, shape, bytes * shape.reduce((a, b) => a * b, 1))],
        ),
    ),
  );
const dataBytesOf = (all: Record<string, TensorData>): number =>
  Object.values(all).reduce((sum, { data }) => sum + data.byteLength, 0);

it("accepts every correct header", () => {
  fc.assert(
    fc.property(tensors, fc.nat(9), (all, paddingBytes) => {
      const header = Buffer.from(headerOf(all, { paddingBytes, metadata: { format: "pt" } }));
      const parsed = parse(header, dataBytesOf(all));
      expect(parsed?.tensors.map(({ name }) => name).sort()).toEqual(Object.keys(all).sort());
      if (parsed !== null) expectSound(parsed, header.byteLength, dataBytesOf(all));
    }),
    { numRuns: RUNS },
  );
});

it("refuses or reads soundly a header with damaged bytes", () => {
  const edit = fc.record({ at: fc.nat(400), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
  fc.assert(
    fc.property(
      tensors,
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: -2, max: 2 }),
      (all, edits, drift) => {
        let header = Buffer.from(headerOf(all));
        for (const { at, remove, insert } of edits) {
          const start = at % (header.byteLength + 1);
          header = Buffer.concat([header.subarray(0, start), insert, header.subarray(start + remove)]);
        }
        const dataBytes = Math.max(0, dataBytesOf(all) + drift);
        const parsed = parse(header, dataBytes);
        if (parsed !== null) expectSound(parsed, header.byteLength, dataBytes);
      },
    ),
    { numRuns: RUNS },
  );
});

it("refuses or reads soundly a header with other numbers in it", () => {
  // One digit at a time: most of these are still JSON, so that the checks of layout and size are reached.
  const change = fc.record({
    which: fc.nat(100),
    digits: fc.oneof(
      fc.nat(40).map(String),
      fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String),
      fc.constantFrom("-1", "0.5", "1e3", "[]", '"0"', "null", "{}"),
    ),
  });
  let acceptedCount = 0;
  fc.assert(
    fc.property(tensors, fc.array(change, { maxLength: 2 }), (all, changes) => {
      let text = headerOf(all);
      for (const { which, digits } of changes) {
        const numbers = [...text.matchAll(/(?<=[[,])\d+(?=[,\]])/g)];
        const number = numbers[which % Math.max(1, numbers.length)];
        if (number !== undefined)
          text = text.slice(0, number.index) + digits + text.slice(number.index + number[0].length);
      }
      const header = Buffer.from(text);
      const parsed = parse(header, dataBytesOf(all));
      if (parsed === null) return;
      acceptedCount++;
      expectSound(parsed, header.byteLength, dataBytesOf(all));
    }),
    { numRuns: RUNS },
  );
  expect(acceptedCount).toBeGreaterThan(RUNS / 20);
});

it("refuses or reads soundly entries laid out at random", () => {
  const entry = fc.record({ shape: fc.array(fc.nat(3), { maxLength: 2 }), begin: fc.nat(8) });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), fc.nat(12), (entries, dataBytes) => {
      const header = Buffer.from(
        JSON.stringify(
          Object.fromEntries(
            entries.map(({ shape, begin }, i) => {
              const end = begin + shape.reduce((a, b) => a * b, 1);
              return [`t${i}`, { dtype: "U8", shape, data_offsets: [begin, end] }];
            }),
          ),
        ),
      );
      const parsed = parse(header, dataBytes);
      if (parsed !== null) expectSound(parsed, header.byteLength, dataBytes);
    }),
    { numRuns: RUNS },
  );
});
