/** Reads the tensors of a model folder, without tiesmith's own reader. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TensorData } from "../checkpoint/safetensors-builder.ts";

export type StoredTensors = Record<string, TensorData>;

/** All tensors of all `*.safetensors` files of a folder, in byte order of the names of the files. */
export function storedTensors(folder: string): StoredTensors {
  const files = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
  return Object.assign({}, ...files.sort().map((name) => readTensors(join(folder, name))));
}

export function readTensors(path: string): StoredTensors {
  const file = readFileSync(path);
  const dataStart = 8 + Number(file.readBigUInt64LE());
  const { __metadata__: _, ...entries } = JSON.parse(file.toString("utf8", 8, dataStart)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = Object.entries(entries).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => {
      const data = new Uint8Array(file.subarray(dataStart + begin, dataStart + end));
      return [name, { dtype, shape, data }] as const;
    },
  );
  return Object.fromEntries(tensors);
}
