/** The public way into a merge: its threads, but for the last, start first and load while it is being planned. */
import { memoryBudget } from "../memory-budget.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import { checkMergeOptions } from "./merge-option-checks.ts";
import type { MergeOptions, MergeResult } from "./merge-options.ts";
import { defaultThreads } from "./pool.ts";
import { withPool } from "./with-pool.ts";

/**
 * Merges the models of a recipe into a new model folder.
 *
 * The folder appears under its name when it is complete, never before. Reads every input byte once for
 * combining, and once more for each measuring pass (from the page cache where it is large enough); peak memory
 * beyond the mappings does not depend on the size of the models.
 *
 * @param recipe path of a mergekit YAML, or the same as an object
 * @throws {TiesmithError} any code of `errors.ts`; after `INTERRUPTED` and failed runs OUT.partial stays for `resume`
 * @example
 * await merge("ties-sv.yaml", { out: "merged" });
 */
export async function merge(recipe: string | RecipeInput, options: MergeOptions): Promise<MergeResult> {
  const started = performance.now();
  checkMergeOptions(options);
  const { threads, chunksPerThread } = memoryBudget({
    ...options,
    threads: options.threads ?? defaultThreads(),
  });
  return withPool({ threads, chunksPerThread, signal: options.signal }, async (pool) => {
    const { runMerge } = await import("./run-merge.ts");
    return runMerge(recipe, options, { pool, started });
  });
}
