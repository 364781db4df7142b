/** Merges that must be refused: a folder to spoil, and what a refusal must look like. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ErrorCode,
  isBadInput,
  type MergeOptions,
  merge,
  type RecipeInput,
  TiesmithError,
} from "tiesmith";
import { expect } from "vitest";
import {
  f32,
  type TensorData,
  temporaryFolder,
  writeJson,
  writeSafetensors,
} from "../checkpoint/safetensors-builder.ts";

export const NORM = "model.norm.weight";
export const HEAD = "lm_head.weight";
export const TENSORS = { [NORM]: f32([2, 2], [1, 2, 3, 4]), [HEAD]: f32([3], [1, -1, 0.5]) };

export const RECIPE = `merge_method: ties_sv
base_model: base
models:
  - model: ct
    parameters: { weight: 1, density: 1 }
  - model: sft
    parameters: { weight: 1, density: 0.5 }
parameters: { priority: sft, slack: 0.04 }
`;

/** A folder with three models and `recipe.yaml`. */
export function workspace(): string {
  const folder = temporaryFolder();
  for (const model of ["base", "ct", "sft"]) {
    mkdirSync(join(folder, model));
    writeWeights(join(folder, model), TENSORS);
    writeJson(join(folder, model, "config.json"), { model_type: "llama", torch_dtype: "float32" });
  }
  writeFileSync(join(folder, "recipe.yaml"), RECIPE);
  return folder;
}

export function writeWeights(model: string, tensors: Readonly<Record<string, TensorData>>): void {
  writeSafetensors(join(model, "model.safetensors"), tensors, { metadata: { format: "pt" } });
}

export type Expected = [code: ErrorCode, culprit: RegExp];

/** Merges in a folder; the merge must be refused in one line, and leave nothing. */
export async function expectRefused(
  folder: string,
  [code, culprit]: Expected,
  options: Partial<MergeOptions> = {},
  recipe: string | RecipeInput = join(folder, "recipe.yaml"),
): Promise<void> {
  const out = options.out ?? join(folder, "out");
  const existed = existsSync(out);
  const error = await merge(recipe, { threads: 1, ...options, out }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TiesmithError);
  const { message, code: found } = error as TiesmithError;
  expect({ code: found, message }).toEqual({ code, message: expect.stringMatching(culprit) });
  expect(message).not.toContain("\n");
  expect(isBadInput(code)).toBe(true);
  expect(existsSync(out)).toBe(existed);
  expect(existsSync(`${out}.partial`)).toBe(false);
}
