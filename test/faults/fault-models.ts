/** Models large enough for a merge to be caught in the middle: 28 MB in 45 tensors, in several shards. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MergeOptions, RecipeInput } from "tiesmith";
import { type TensorData, writeJson, writeSafetensors } from "../checkpoint/safetensors-builder.ts";

const SMALL_COUNT = 42;
const SMALL_ELEMENTS = 1 << 16;
const LARGE_ELEMENTS = 600_001;

export const FAULT_OPTIONS = { threads: 2, chunkElements: 1 << 16, maxShardBytes: 3e6 } as const;
export type FaultOptions = Omit<MergeOptions, "out">;

/** Writes `base`, `ct` and `sft` into a folder. */
export function writeFaultModels(folder: string): void {
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
    const tensors = Object.fromEntries([...small, ...large]);
    writeSafetensors(join(own, "model.safetensors"), tensors, { metadata: { format: "pt" } });
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
