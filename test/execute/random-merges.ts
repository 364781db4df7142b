/** Merges random cases by the public API. */
import type { FloatDtype } from "../../src/dtypes.ts";
import { type MergedModels, type ModelTensors, mergeModels, recipeOf } from "./merged-models.ts";
import type { RandomCase, RandomTensor } from "./random-models.ts";

export function mergeCase(one: RandomCase): Promise<MergedModels> {
  const { settings, outDtype, threads, chunkElements } = one;
  const models = settings.weights.map((_, i) => tensorsOf(one, i + 1));
  return mergeModels(tensorsOf(one, 0), models, recipeOf(settings, outDtype), { threads, chunkElements });
}

/** The tensors of the base (0) or of a model (counted from 1). */
function tensorsOf({ tensors }: RandomCase, source: number): ModelTensors {
  return Object.fromEntries(
    tensors.map(({ name, shape, sources }) => {
      const { dtype, bytes } = sources[source] as RandomTensor["sources"][number];
      return [name, { dtype, shape, data: bytes }];
    }),
  );
}

/** The format that a tensor is stored in: without a base, that of the first model counts. */
export function outputOf({ sources }: RandomTensor, { settings, outDtype }: RandomCase): FloatDtype {
  const own = sources[settings.method === "linear" ? 1 : 0] as RandomTensor["sources"][number];
  return outDtype ?? own.dtype;
}
