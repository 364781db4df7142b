/** Hostile safetensors files and shard indexes, and what a reader that accepts one must guarantee. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import fc from "fast-check";
import type { ShardFile } from "../../src/checkpoint/header.ts";
import type { ShardIndex } from "../../src/checkpoint/shard-index.ts";
import { DTYPE_BYTES } from "../../src/dtypes.ts";
import { damaged } from "./damaged-bytes.ts";
import { mutated, type RawJson, render } from "./raw-json.ts";

const names = fc.oneof(
  fc.constantFrom("a", "b", "model.layers.0.mlp.up_proj.weight", "lm_head.weight"),
  fc.string({ unit: "grapheme", maxLength: 5 }).map((text) => JSON.stringify(text).slice(1, -1)),
);
const tensors = fc.record({
  name: names,
  dtype: fc.constantFrom(...Object.entries(DTYPE_BYTES)),
  shape: fc.array(fc.nat(4), { maxLength: 3 }),
  keysReversed: fc.boolean(),
});

interface Header {
  readonly json: RawJson;
  readonly dataBytes: number;
}

/** Correct headers: the tensors cover the data, in whatever order they are listed. */
const headers: fc.Arbitrary<Header> = fc
  .tuple(fc.uniqueArray(tensors, { maxLength: 5, selector: ({ name }) => name }), fc.boolean(), fc.boolean())
  .map(([list, isReversed, hasMetadata]) => {
    let end = 0;
    const json: [string, RawJson][] = list.map(({ name, dtype: [dtype, size], shape, keysReversed }) => {
      const begin = end;
      end += shape.reduce((product, dimension) => product * dimension, size);
      const entry: [string, RawJson][] = [
        ["dtype", `"${dtype}"`],
        ["shape", `[${shape}]`],
        ["data_offsets", `[${begin},${end}]`],
      ];
      return [name, keysReversed ? entry.reverse() : entry];
    });
    if (isReversed) json.reverse();
    if (hasMetadata) json.unshift(["__metadata__", [["format", '"pt"']]]);
    return { json, dataBytes: end };
  });

/** What the length field says, given the truth. */
const lengthFields: fc.Arbitrary<(truth: bigint) => bigint> = fc.oneof(
  { arbitrary: fc.constant((truth: bigint) => truth), weight: 8 },
  { arbitrary: fc.integer({ min: -9, max: 9 }).map((drift) => (t: bigint) => t + BigInt(drift)), weight: 1 },
  {
    arbitrary: fc
      .constantFrom(0n, 1n, 100_000_000n, 100_000_001n, 2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n)
      .map((lie) => () => lie),
    weight: 1,
  },
);

/** Numbers in a text, moved by a little: offsets that overlap, leave holes, or disagree with the shape. */
const drifts = fc.array(fc.tuple(fc.nat(40), fc.constantFrom(-4, -2, -1, 1, 2, 4, 2 ** 32, 2 ** 52)), {
  maxLength: 2,
});

function drifted(text: string, list: readonly (readonly [number, number])[]): string {
  return list.reduce((current, [which, drift]) => {
    const found = [...current.matchAll(/(?<=[[,])\d{1,15}(?=[,\]])/g)];
    const number = found[which % Math.max(1, found.length)];
    if (number === undefined) return current;
    const end = number.index + number[0].length;
    return current.slice(0, number.index) + (Number(number[0]) + drift) + current.slice(end);
  }, text);
}

/** Safetensors files: correct ones, and ones with lies in the header, the length field or the size. */
export const safetensorsFiles: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    arbitrary: headers.chain(({ json, dataBytes }) =>
      fc
        .tuple(
          damaged(
            fc.tuple(mutated(fc.constant(json)), drifts).map(([raw, list]) => drifted(render(raw), list)),
          ),
          lengthFields,
          fc.oneof(
            { arbitrary: fc.constant(0), weight: 6 },
            { arbitrary: fc.integer({ min: -3, max: 3 }), weight: 1 },
          ),
        )
        .map(([header, lengthField, drift]) => {
          const length = Buffer.alloc(8);
          length.writeBigUInt64LE(BigInt.asUintN(64, lengthField(BigInt(header.byteLength))));
          return Buffer.concat([length, header, Buffer.alloc(Math.max(0, dataBytes + drift))]);
        }),
    ),
    weight: 40,
  },
  { arbitrary: fc.uint8Array({ maxLength: 64 }), weight: 1 },
);

/** Every range inside the file, none overlapping another, sizes that agree with shapes. */
export function checkShard(shard: ShardFile, fileBytes: number): void {
  let end: number | undefined;
  for (const { name, dtype, shape, elementCount, byteOffset, byteLength } of shard.tensors) {
    const numbers = [...shape, elementCount, byteOffset, byteLength];
    ensure(
      numbers.every((number) => Number.isSafeInteger(number) && number >= 0),
      "a number that is none",
    );
    ensure(shape.reduce((product, dimension) => product * dimension, 1) === elementCount, "a wrong count");
    ensure(elementCount * DTYPE_BYTES[dtype] === byteLength, "a wrong length");
    ensure(byteOffset === (end ?? byteOffset) && byteOffset >= 8, "a hole or an overlap");
    ensure(!/\p{Cs}/u.test(name), "half a surrogate pair in a name");
    end = byteOffset + byteLength;
  }
  ensure(end === undefined || end === fileBytes, "data that does not end with the file");
  ensure(shard.byteSize === fileBytes, "a wrong file size");
  ensure(new Set(shard.tensors.map(({ name }) => name)).size === shard.tensors.length, "a repeated name");
  ensure(
    Object.values(shard.metadata).every((text) => typeof text === "string"),
    "metadata that is no text",
  );
}

const shardNames = fc.oneof(
  { arbitrary: fc.constantFrom("a.safetensors", "model-00001-of-00002.safetensors"), weight: 8 },
  {
    arbitrary: fc.constantFrom(
      "../a.safetensors",
      "/etc/passwd",
      "..",
      "C:a.safetensors",
      "a\\u0000.safetensors",
      "b\\\\..\\\\a.safetensors",
      "",
      "a.bin",
      `${"n".repeat(5000)}.safetensors`,
    ),
    weight: 1,
  },
);
const indexes: fc.Arbitrary<RawJson> = fc
  .array(fc.tuple(names, shardNames), { maxLength: 6 })
  .map((pairs) => [
    ["metadata", [["total_size", "12"]]],
    ["weight_map", pairs.map(([name, shard]): [string, RawJson] => [name, `"${shard}"`])],
  ]);

/** Index files, correct and not. */
export const indexFiles: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: damaged(mutated(indexes).map(render)), weight: 40 },
  { arbitrary: fc.uint8Array({ maxLength: 64 }), weight: 1 },
);

/** Plain file names only, and the tensors that the file lists. */
export function checkIndex(index: ShardIndex): void {
  const listed = JSON.parse(readFileSync(index.path, "utf8")).weight_map;
  ensure(Object.keys(listed).sort().join() === [...index.weightMap.keys()].sort().join(), "other tensors");
  for (const [tensor, shard] of index.weightMap) {
    ensure(listed[tensor] === shard && index.shardNames.includes(shard), "another shard");
    ensure(basename(shard) === shard && !/[\\/:\0]/.test(shard), "a name that leads elsewhere");
  }
  ensure(index.shardNames.length === new Set(index.weightMap.values()).size, "a repeated shard");
}

function ensure(holds: boolean, fault: string): void {
  if (!holds) throw new Error(`accepted with ${fault}`);
}
