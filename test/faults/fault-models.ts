/** Models large enough for a merge to be caught in the middle: 28 MB in 45 tensors, in several shards. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MergeOptions, RecipeInput } from "tiesmith";
import {
  type TensorData,
  writeJson,
  writeSafetensors,
  writeSharded,
} from "../checkpoint/safetensors-builder.ts";

const SMALL_COUNT = 42;
const SMALL_ELEMENTS = 1 << 16;
const LARGE_ELEMENTS = 600_001;

export const FAULT_OPTIONS = { threads: 2, chunkElements: 1 << 16, maxShardBytes: 3e6 } as const;
export type FaultOptions = Omit<MergeOptions, "out">;

/** The shards of `ct` where it has two; a merge comes to the second one in its second half. */
export const CT_SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;

/** Writes `base`, `ct` and `sft` into a folder; `ct` in one shard or two. */
export function writeFaultModels(folder: string, ctShardCount: 1 | 2 = 1): void {
  for (const [seed, model] of ["base", "ct", "sft"].entries()) {
    const own = join(folder, model);
    mkdirSync(own, { recursive: true });
    const words = randomWords(seed + 1);
    const tensor = (elementCount: number): TensorData => ({
      dtype: "BF16",
      shape: [elementCount],
      data: new Uint8Array(Uint16Array.from({ length: elementCount }, words).buffer),
    });
    const small = Array.from({ length: SMALL_COUNT }, (_, i) => [`small.${i}`, tensor(SMALL_ELEMENTS)]);
    const large = ["a", "b", "c"].map((name) => [`large.${name}`, tensor(LARGE_ELEMENTS)]);
    const tensors: Record<string, TensorData> = Object.fromEntries([...small, ...large]);
    if (model === "ct" && ctShardCount === 2) {
      const [first, second] = CT_SHARDS;
      // A merge goes through the tensors in the order of the base's file.
      const late = new Set(Object.keys(tensors).slice(SMALL_COUNT / 2));
      const half = (isLate: boolean) => Object.entries(tensors).filter(([name]) => late.has(name) === isLate);
      writeSharded(own, {
        [first]: Object.fromEntries(half(false)),
        [second]: Object.fromEntries(half(true)),
      });
    } else writeSafetensors(join(own, "model.safetensors"), tensors, { metadata: { format: "pt" } });
    writeJson(join(own, "config.json"), { model_type: "llama", torch_dtype: "bfloat16" });
    writeFileSync(join(own, "tokenizer_config.json"), "{}");
  }
}

/** Bits of bf16 numbers between 2^-7 and 2^1 of either sign. */
function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 16) & 0x8000) | (0x3c00 + ((state >>> 12) & 0x3ff));
  };
}

export function faultRecipe(folder: string, scope: "tensor" | "model" = "tensor"): RecipeInput {
  return {
    merge_method: "ties_sv",
    base_model: join(folder, "base"),
    models: [
      { model: join(folder, "ct"), parameters: { weight: 1, density: 0.6 } },
      { model: join(folder, "sft"), parameters: { weight: 1, density: 0.2 } },
    ],
    parameters: { scope, priority: join(folder, "sft"), rescale: true },
  };
}
