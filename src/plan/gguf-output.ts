/** Lays out a merge's output as one GGUF file, and tells how each merged tensor becomes its bytes. */
import { basename } from "node:path";
import type { JsonObject } from "../checkpoint/json-file.ts";
import type { OutputTensor as LaidOutTensor, PlacedTensor, ShardLayout } from "../checkpoint/layout.ts";
import { derivedBytes, describeModel, type OutputTensor } from "../gguf/describe-model.ts";
import { hasSameBytes } from "../gguf/elements.ts";
import { DEFAULT_GGUF_TYPE, type GgufLayout, type GgufType, type PlacedGgufTensor } from "../gguf/layout.ts";
import type { MappedTensor } from "../gguf/tensors.ts";
import type { PlannedGguf } from "./merge-plan.ts";

/** The file inside OUT.partial, before it has its name. */
export const GGUF_SHARD_NAME = "model.gguf";

export interface GgufRequest {
  readonly type: GgufType;
  /** `general.name`. */
  readonly name: string;
}

export interface GgufOutput {
  readonly shard: ShardLayout;
  /** By the name of the merged tensor. */
  readonly tensors: ReadonlyMap<string, PlannedGguf>;
  readonly notes: readonly string[];
}

/** What is asked for: the model's name is that of the file, less its ending. */
export function ggufRequest(options: {
  readonly out?: string | undefined;
  readonly type?: GgufType | undefined;
}): GgufRequest {
  const { out = "merged", type = DEFAULT_GGUF_TYPE } = options;
  return { type, name: basename(out).replace(/\.gguf$/i, "") };
}

/**
 * The file that `export gguf` would make of the merged folder, were it written.
 * @param model `folder` is the one that gives the config
 * @throws {TiesmithError} `MODEL_UNSUPPORTED`, `CHECKPOINT_INVALID`, `DTYPE_UNSUPPORTED`
 */
export function planGgufOutput(
  tensors: readonly LaidOutTensor[],
  model: { readonly folder: string; readonly config: JsonObject | null; readonly tokenizerFolder: string },
  { type, name }: GgufRequest,
): GgufOutput {
  const { layout, shape } = describeModel({ ...model, name, tensors }, type);
  const mapped = layout.tensors.filter((tensor) => tensor.source !== null);
  return {
    shard: shardOf(layout, mapped),
    tensors: new Map(mapped.map((tensor) => [tensor.source.name, plannedGguf(tensor)])),
    notes: shape.notes,
  };
}

function shardOf(
  { header, byteSize, tensors }: GgufLayout<OutputTensor<LaidOutTensor>>,
  mapped: readonly PlacedGgufTensor<MappedTensor<LaidOutTensor>>[],
): ShardLayout {
  const placed = mapped.map(({ source, byteOffset, byteLength }): PlacedTensor => {
    return { ...source, shardIndex: 0, byteOffset, byteLength };
  });
  const constants = tensors.flatMap((tensor) =>
    tensor.source === null ? [{ byteOffset: tensor.byteOffset, bytes: derivedBytes(tensor) }] : [],
  );
  return { name: GGUF_SHARD_NAME, header, constants, byteSize, tensors: placed };
}

function plannedGguf(tensor: MappedTensor<LaidOutTensor>): PlannedGguf {
  const { name, type, shape, source, offset, rotaryHeadRows } = tensor;
  const isPlain = hasSameBytes(source.dtype, type) && offset === 0 && rotaryHeadRows === null;
  const rowElements = shape.length < 2 ? 1 : (shape.at(-1) as number);
  const encoding = isPlain ? null : { type, offset, rowElements, headRows: rotaryHeadRows ?? 0 };
  return { name, type, encoding };
}

/**
 * Elements per chunk for a tensor: whole heads where their rows change places, so that each chunk is a range of the
 * file. Heads of real models are half or whole blocks (64 × 2,048, 128 × 4,096); one of odd sizes may need up to 4,096
 * heads a chunk, which costs memory, and nothing else.
 */
export function ggufChunkElements({ encoding }: PlannedGguf, chunkElements: number): number {
  if (encoding === null || encoding.headRows === 0) return chunkElements;
  const unit = leastCommonMultiple(encoding.headRows * encoding.rowElements, BLOCK_ELEMENTS);
  return Math.max(1, Math.floor(chunkElements / unit)) * unit;
}

/** Chunks are whole blocks, see `docs/architecture.md`. */
const BLOCK_ELEMENTS = 4096;

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}
