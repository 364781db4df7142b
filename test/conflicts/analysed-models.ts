/** Writes the models of random cases, and analyses them by the public API. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConflictsOptions, type ConflictsReport, conflicts, type RecipeInput } from "tiesmith";
import { recipeOf, writeModel } from "../execute/merged-models.ts";
import { type RandomCase, type RandomTensor, randomCase } from "../execute/random-models.ts";
import type { ReferenceSettings } from "../execute/reference-merge.ts";

/** A random case of the TIES family. */
export function randomConflicts(seed: number, fixed: Partial<ReferenceSettings> = {}): RandomCase {
  const method = seed % 2 === 0 ? "ties" : "ties_sv";
  return { ...randomCase(seed, { method, ...fixed }), outDtype: null };
}

/** Runs something on the models of a case: `base`, `m0`, `m1`, ... in a folder that is gone afterwards. */
export async function withModels<T>(one: RandomCase, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  try {
    for (let source = 0; source <= one.settings.weights.length; source++) {
      const name = source === 0 ? "base" : `m${source - 1}`;
      writeModel(join(folder, name), tensorsOf(one.tensors, source));
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tensorsOf(tensors: readonly RandomTensor[], source: number) {
  return Object.fromEntries(
    tensors.map(({ name, shape, sources }) => {
      const { dtype, bytes } = sources[source] as RandomTensor["sources"][number];
      return [name, { dtype, shape, data: bytes }];
    }),
  );
}

/** Analyses a case with some of its settings changed. */
export function analyse(
  { settings, threads, chunkElements }: RandomCase,
  folder: string,
  options: ConflictsOptions = {},
  changed: Partial<ReferenceSettings> = {},
): Promise<ConflictsReport> {
  const recipe: RecipeInput = recipeOf({ ...settings, ...changed }, null)(folder);
  return conflicts(recipe, { threads, chunkElements, ...options });
}
