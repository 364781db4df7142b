/** Running the built command line as a user would. */

import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { f32, temporaryFolder, writeJson, writeSafetensors } from "../checkpoint/safetensors-builder.ts";

// Each run starts a process, or several: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** The built program; `npm test` builds it first. */
export const MAIN = fileURLToPath(new URL("../../dist/cli/main.cjs", import.meta.url));

export const GOLDEN = fileURLToPath(new URL("../golden", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tiesmith` with some words in a folder. */
export function tiesmith(words: readonly string[], cwd: string, options: SpawnSyncOptions = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    cwd,
    timeout: 60_000,
    ...options,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Tensors of one model: name and values of a vector. */
export type Vectors = Readonly<Record<string, readonly number[]>>;

export const BASE: Vectors = { "model.norm.weight": [1, 2, 3, 4], "lm_head.weight": [0, 0.5, -0.5, 1] };
const CT: Vectors = { "model.norm.weight": [1.5, 2, 2, 4], "lm_head.weight": [1, 0.5, -1, 1] };
const SFT: Vectors = { "model.norm.weight": [0.5, 2.25, 3, 5], "lm_head.weight": [-1, 0.25, -2, 1] };

export const TIES_RECIPE = `merge_method: ties
base_model: base
models:
  - model: ct
    parameters: { weight: 1, density: 1 }
  - model: sft
    parameters: { weight: 1, density: 0.5 }
`;

/** A new folder with the models `base`, `ct` and `sft` of two tensors, and the recipe `ties.yaml`. */
export function workspace(): string {
  const folder = temporaryFolder();
  writeModel(join(folder, "base"), BASE);
  writeModel(join(folder, "ct"), CT);
  writeModel(join(folder, "sft"), SFT);
  writeFileSync(join(folder, "ties.yaml"), TIES_RECIPE);
  return folder;
}

/** Writes a model folder of f32 vectors. */
export function writeModel(folder: string, vectors: Vectors): void {
  mkdirSync(folder, { recursive: true });
  const tensors = Object.entries(vectors).map(([name, values]) => [name, f32([values.length], values)]);
  writeSafetensors(join(folder, "model.safetensors"), Object.fromEntries(tensors), {
    metadata: { format: "pt" },
  });
  writeJson(join(folder, "config.json"), { model_type: "llama", torch_dtype: "float32" });
}
