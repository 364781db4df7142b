/** Writes models, merges them by the public API, and reads what came out. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MergeOptions, type MergeResult, merge, type RecipeInput } from "tiesmith";
import { type FloatDtype, TORCH_NAMES } from "../../src/dtypes.ts";
import type { Manifest } from "../../src/execute/manifest.ts";
import { type TensorData, writeSafetensors } from "../checkpoint/safetensors-builder.ts";
import type { ReferenceSettings } from "./reference-merge.ts";
import { type StoredTensors, storedTensors } from "./stored-tensors.ts";

export interface MergedModels {
  readonly result: MergeResult;
  readonly tensors: StoredTensors;
  readonly manifest: Manifest;
}

export type ModelTensors = Readonly<Record<string, TensorData>>;

/** Merges `models` (named m0, m1, ...) on `base`, in a folder of its own that is gone afterwards. */
export async function mergeModels(
  base: ModelTensors,
  models: readonly ModelTensors[],
  recipe: (folder: string) => RecipeInput,
  options: Omit<MergeOptions, "out"> = {},
): Promise<MergedModels> {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  try {
    writeModel(join(folder, "base"), base);
    for (const [i, model] of models.entries()) writeModel(join(folder, `m${i}`), model);
    const out = join(folder, "out");
    const result = await merge(recipe(folder), { threads: 1, ...options, out });
    return { result, tensors: storedTensors(out), manifest: readManifestOf(out) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function writeModel(folder: string, tensors: ModelTensors): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, "model.safetensors"), tensors, { metadata: { format: "pt" } });
}

export function readManifestOf(out: string): Manifest & { readonly checksum: string } {
  return JSON.parse(readFileSync(join(out, "tiesmith.json"), "utf8"));
}

/** The recipe of settings, over models as {@link mergeModels} names them. */
export function recipeOf(
  settings: ReferenceSettings,
  outDtype: FloatDtype | null,
): (folder: string) => RecipeInput {
  const { method } = settings;
  const isTies = method === "ties" || method === "ties_sv";
  return (folder) => ({
    merge_method: method,
    ...(method === "linear" ? {} : { base_model: join(folder, "base") }),
    models: settings.weights.map((weight, i) => ({
      model: join(folder, `m${i}`),
      parameters: { weight, ...(isTies ? { density: settings.densities[i] } : {}) },
    })),
    parameters: {
      normalize: settings.normalize,
      ...(method === "linear" ? {} : { lambda: settings.lambda }),
      ...(isTies ? tiesParameters(settings, folder) : {}),
    },
    ...(outDtype === null ? {} : { out_dtype: TORCH_NAMES[outDtype] }),
  });
}

function tiesParameters(settings: ReferenceSettings, folder: string) {
  const { rescale, scope, zeroSign, electionWeights, priority, slack, slackOf } = settings;
  const isSv = settings.method === "ties_sv";
  return {
    rescale,
    scope,
    zero_sign: zeroSign,
    election_weights: electionWeights,
    ...(isSv || zeroSign === "priority" ? { priority: join(folder, `m${priority}`) } : {}),
    ...(isSv ? { slack, slack_of: slackOf } : {}),
  };
}
