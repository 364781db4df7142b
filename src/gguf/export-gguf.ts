/** A model folder as one GGUF file, for llama.cpp and all that is built on it. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { DTYPE_BYTES } from "../dtypes.ts";
import { nearestName, TiesmithError } from "../errors.ts";
import { findModel } from "../plan/find-model.ts";
import { type Family, familyOf } from "./family.ts";
import { type Hyperparameters, hyperparametersOf } from "./hyperparameters.ts";
import { GGUF_TYPES, type GgufLayout, type GgufTensor, type GgufType, layOutGguf } from "./layout.ts";
import { type GgufValue, text, uint32 } from "./metadata.ts";
import { checkOutputFile, writeWholeFile } from "./output-file.ts";
import { type MappedTensor, mapTensors } from "./tensors.ts";
import { tokenizerKeys } from "./tokenizer.ts";
import { writeTensor } from "./write-tensor.ts";

export interface ExportOptions {
  /** The file to write. It appears when it is complete, never before. */
  readonly out: string;
  /** How matrices are stored; norms and biases are always f32. Default `bf16`. */
  readonly type?: GgufType | undefined;
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneTensors: number;
  readonly totalTensors: number;
  /** Seconds since the export began. */
  readonly seconds: number;
}

export interface ExportResult {
  readonly out: string;
  readonly architecture: string;
  readonly type: GgufType;
  readonly tensorCount: number;
  readonly byteSize: number;
  readonly contextLength: number;
  readonly seconds: number;
  readonly notes: readonly string[];
}

/**
 * Writes a model of the Llama family (Llama 2 and 3, Mistral, Qwen 2, 2.5 and 3, Gemma 1 and 2) as a GGUF file.
 * Reads every byte once; memory does not depend on the size of the model.
 *
 * @param model a model folder, or a hub id in the local cache
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` naming the architecture, tensor or tokenizer; `OUTPUT_EXISTS`;
 * `CHECKPOINT_INVALID`; `OVERFLOW` where f16 is too small; `INTERRUPTED`
 * @example
 * await exportGguf("merged", { out: "merged.gguf", type: "q8_0" });
 */
export async function exportGguf(model: string, options: ExportOptions): Promise<ExportResult> {
  const started = performance.now();
  const type = checkedType(options.type ?? "bf16");
  const { checkpoint, family, shape, layout } = planExport(findModel(model), type);
  checkOutputFile(options.out, layout.byteSize, options.overwrite === true);
  const report = progressOf(layout.tensors, started, options);
  await writeWholeFile(options.out, (file) => writeAll(layout, file, report));
  return {
    out: options.out,
    architecture: family.architecture,
    type,
    tensorCount: layout.tensors.length,
    byteSize: layout.byteSize,
    contextLength: shape.contextLength,
    seconds: (performance.now() - started) / 1000,
    notes: [...checkpoint.notes, ...shape.notes],
  };
}

function checkedType(type: string): GgufType {
  if (Object.hasOwn(GGUF_TYPES, type)) return type as GgufType;
  const near = nearestName(type, Object.keys(GGUF_TYPES));
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new TiesmithError(
    "USAGE",
    `Expected a type of ${Object.keys(GGUF_TYPES).join(", ")}, but received ${JSON.stringify(type)}${hint}`,
    { option: "--type" },
  );
}

/** Derived tensors have no source in the checkpoint. */
type OutputTensor =
  | MappedTensor
  | (GgufTensor & { readonly source: null; readonly values: readonly number[] });

interface ExportPlan {
  readonly checkpoint: Checkpoint;
  readonly family: Family;
  readonly shape: Hyperparameters;
  readonly layout: GgufLayout<OutputTensor>;
}

/** Everything that can be refused is refused here, from headers and configs. */
function planExport(folder: string, type: GgufType): ExportPlan {
  const checkpoint = readCheckpoint(folder);
  const { config } = checkpoint;
  if (config === null)
    throw new TiesmithError("CHECKPOINT_INVALID", `Expected a config.json in ${folder}, but found none`, {
      folder,
    });
  const family = familyOf(config, folder);
  const shape = hyperparametersOf(config, family, folder);
  const tensors: OutputTensor[] = mapTensors(checkpoint, family, shape, type);
  const divisors = shape.rope.frequencyDivisors;
  if (divisors !== null)
    tensors.push({
      name: "rope_freqs.weight",
      shape: [divisors.length],
      type: "f32",
      source: null,
      values: divisors,
    });
  const rows = tensors.find(({ name }) => name === "token_embd.weight")?.shape[0] ?? 0;
  const metadata = new Map<string, GgufValue>([
    ["general.architecture", text(family.architecture)],
    ["general.name", text(basename(folder))],
    ["general.file_type", uint32(GGUF_TYPES[type].fileType)],
    ["general.quantization_version", uint32(2)],
    [`${family.architecture}.vocab_size`, uint32(rows)],
    ...shape.keys.map(([suffix, value]): [string, GgufValue] => [`${family.architecture}.${suffix}`, value]),
    ...tokenizerKeys(folder, rows),
  ]);
  return { checkpoint, family, shape, layout: layOutGguf(metadata, tensors) };
}

interface Report {
  bytes(count: number): void;
  tensor(): void;
}

function progressOf(
  tensors: readonly OutputTensor[],
  started: number,
  { signal, onProgress }: ExportOptions,
): Report {
  const totalBytes = tensors.reduce((sum, tensor) => sum + sourceBytes(tensor), 0);
  let [doneBytes, doneTensors] = [0, 0];
  const tell = () => {
    if (signal?.aborted)
      throw new TiesmithError("INTERRUPTED", "The export was interrupted; nothing was written");
    const seconds = (performance.now() - started) / 1000;
    onProgress?.({ doneBytes, totalBytes, doneTensors, totalTensors: tensors.length, seconds });
  };
  tell();
  return {
    bytes(count) {
      doneBytes += count;
      tell();
    },
    tensor() {
      doneTensors += 1;
      tell();
    },
  };
}

function sourceBytes({ shape, source }: OutputTensor): number {
  return source === null ? 0 : shape.reduce((product, size) => product * size, DTYPE_BYTES[source.dtype]);
}

async function writeAll(layout: GgufLayout<OutputTensor>, file: FileHandle, report: Report): Promise<void> {
  await file.truncate(layout.byteSize);
  await file.write(layout.header, 0, layout.header.byteLength, 0);
  const inputs = new Map<string, FileHandle>();
  try {
    for (const tensor of layout.tensors) {
      if (tensor.source === null) {
        await file.write(
          new Uint8Array(Float32Array.from(tensor.values).buffer),
          0,
          tensor.byteLength,
          tensor.byteOffset,
        );
      } else {
        const { path } = tensor.source;
        const input = inputs.get(path) ?? (await open(path, "r"));
        inputs.set(path, input);
        await writeTensor({ ...tensor, source: tensor.source }, input, file, report.bytes);
      }
      report.tensor();
    }
  } finally {
    await Promise.all([...inputs.values()].map((input) => input.close()));
  }
}
