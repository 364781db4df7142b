/** `inspect`: what a model folder holds, told from its headers and its config. */
import { basename } from "node:path";
import { type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { derivedSuffix } from "../checkpoint/derived-buffers.ts";
import { findModel } from "../checkpoint/find-model.ts";
import { type Dtype, isCopiedDtype, isFloatDtype } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";

/** None yet: unknown ones are refused, so that a misspelt one is noticed once there are some. */
export type InspectOptions = Record<string, never>;

export interface InspectedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly elementCount: number;
  readonly byteLength: number;
  /** Name of the file that holds it. */
  readonly shard: string;
}

export interface InspectedShard {
  readonly name: string;
  /** Of the whole file, header included. */
  readonly byteSize: number;
  readonly tensorCount: number;
}

export interface InspectedConfig {
  readonly modelType: string | null;
  readonly architectures: readonly string[];
  readonly layerCount: number | null;
  readonly vocabSize: number | null;
  /** As transformers reads it: some model types tie where the config does not say. */
  readonly tieWordEmbeddings: boolean;
}

export interface ModelReport {
  /** Absolute. */
  readonly folder: string;
  readonly tensorCount: number;
  /** Elements of all tensors, buffers and a tied head included if the files hold them. */
  readonly parameterCount: number;
  /** Of all shards, headers included. */
  readonly byteSize: number;
  /** Parameters by format, the most frequent first. */
  readonly dtypes: Readonly<Partial<Record<Dtype, number>>>;
  readonly shards: readonly InspectedShard[];
  /** In the order in which they lie in the files. */
  readonly tensors: readonly InspectedTensor[];
  /** Null if the folder has no config.json. */
  readonly config: InspectedConfig | null;
  /** What `merge` would leave out or refuse, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Tells what a model folder holds. Reads headers, the index and the config only, so that it takes milliseconds
 * at any size; every rule of the format is checked on the way.
 *
 * @param model a path, or a hub id with an optional `@revision` that lies in the local cache
 * @throws {TiesmithError} `MODEL_NOT_FOUND`; `CHECKPOINT_INVALID` if a file breaks a rule; `DTYPE_UNSUPPORTED`
 *   for packed formats; `NO_PERMISSION`; `USAGE`
 * @example
 * const { parameterCount, dtypes } = inspect("models/llama-2-7b");
 */
export function inspect(model: string, options: InspectOptions = {}): ModelReport {
  const [unknown] = Object.keys(options);
  if (unknown !== undefined)
    throw new TiesmithError("USAGE", `Expected no options for inspect, but received ${unknown}`, {
      option: unknown,
    });
  const checkpoint = readCheckpoint(findModel(model), { purpose: "inspect" });
  const tensors = inspectedTensors(checkpoint);
  return {
    folder: checkpoint.folder,
    tensorCount: tensors.length,
    parameterCount: tensors.reduce((sum, { elementCount }) => sum + elementCount, 0),
    byteSize: checkpoint.shards.reduce((sum, { byteSize }) => sum + byteSize, 0),
    dtypes: parametersByDtype(tensors),
    shards: checkpoint.shards.map((shard) => ({
      name: basename(shard.path),
      byteSize: shard.byteSize,
      tensorCount: shard.tensors.length,
    })),
    tensors,
    config: inspectedConfig(checkpoint),
    notes: [...checkpoint.notes, ...notesOn(tensors)],
  };
}

function inspectedTensors({ tensors, shards }: Checkpoint): InspectedTensor[] {
  return [...tensors.values()].map(({ name, dtype, shape, elementCount, byteLength, shardIndex }) => {
    const shard = basename(shards[shardIndex]?.path as string);
    return { name, dtype, shape, elementCount, byteLength, shard };
  });
}

function parametersByDtype(tensors: readonly InspectedTensor[]): Partial<Record<Dtype, number>> {
  const counts = new Map<Dtype, number>();
  for (const { dtype, elementCount } of tensors) counts.set(dtype, (counts.get(dtype) ?? 0) + elementCount);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

function inspectedConfig({ config }: Checkpoint): InspectedConfig | null {
  if (config === null) return null;
  const { modelType, architectures, layerCount, vocabSize, tieWordEmbeddings } = config;
  return { modelType, architectures, layerCount, vocabSize, tieWordEmbeddings };
}

function notesOn(tensors: readonly InspectedTensor[]): string[] {
  const derivedCount = tensors.filter(({ name }) => derivedSuffix(name) !== undefined).length;
  const refused = new Set(
    tensors.map(({ dtype }) => dtype).filter((dtype) => !isFloatDtype(dtype) && !isCopiedDtype(dtype)),
  );
  return [
    ...(derivedCount > 0
      ? [`${count(derivedCount, "tensor")} can be derived from the config: merge leaves them out`]
      : []),
    ...[...refused].map((dtype) => `merge refuses tensors stored as ${dtype}`),
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
