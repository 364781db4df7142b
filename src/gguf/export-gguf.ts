/** A model folder as one GGUF file, for llama.cpp and all that is built on it. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { findModel } from "../checkpoint/find-model.ts";
import { DTYPE_BYTES } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import { derivedBytes, describeModel, type ModelDescription, type OutputTensor } from "./describe-model.ts";
import { checkGgufType, DEFAULT_GGUF_TYPE, type GgufLayout, type GgufType } from "./layout.ts";
import { checkOutputFile, writeWholeFile } from "./output-file.ts";
import type { SourceTensor } from "./tensors.ts";
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
  const type = checkGgufType(options.type ?? DEFAULT_GGUF_TYPE);
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

/** A tensor of a checkpoint's file. */
interface StoredTensor extends SourceTensor {
  readonly path: string;
  readonly byteOffset: number;
}

interface ExportPlan extends ModelDescription<StoredTensor> {
  readonly checkpoint: Checkpoint;
}

/** Everything that can be refused is refused here, from headers and configs. */
function planExport(folder: string, type: GgufType): ExportPlan {
  const checkpoint = readCheckpoint(folder);
  const tensors = [...checkpoint.tensors.values()].map((tensor): StoredTensor => {
    const { path } = checkpoint.shards[tensor.shardIndex] as { path: string };
    return {
      name: tensor.name,
      shape: tensor.shape,
      dtype: tensor.dtype,
      path,
      byteOffset: tensor.byteOffset,
    };
  });
  const name = basename(checkpoint.folder);
  const config = checkpoint.config?.raw ?? null;
  const model = { folder: checkpoint.folder, name, config, tokenizerFolder: checkpoint.folder, tensors };
  return { checkpoint, ...describeModel(model, type) };
}

interface Report {
  bytes(count: number): void;
  tensor(): void;
}

function progressOf(
  tensors: readonly OutputTensor<StoredTensor>[],
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

function sourceBytes({ shape, source }: OutputTensor<StoredTensor>): number {
  return source === null ? 0 : shape.reduce((product, size) => product * size, DTYPE_BYTES[source.dtype]);
}

async function writeAll(
  layout: GgufLayout<OutputTensor<StoredTensor>>,
  file: FileHandle,
  report: Report,
): Promise<void> {
  await file.truncate(layout.byteSize);
  await file.write(layout.header, 0, layout.header.byteLength, 0);
  const inputs = new Map<string, FileHandle>();
  try {
    for (const tensor of layout.tensors) {
      if (tensor.source === null) {
        await file.write(derivedBytes(tensor), 0, tensor.byteLength, tensor.byteOffset);
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
