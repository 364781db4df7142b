/** The readers under attack: how a case is made, and how it is judged. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type fc from "fast-check";
import { readShardFile } from "../../src/checkpoint/header.ts";
import { INDEX_FILE, readShardIndex } from "../../src/checkpoint/shard-index.ts";
import { type RecipeInput, readRecipe, recipeFromObject } from "../../src/recipe/recipe.ts";
import { METHODS } from "../recipe/schemas.ts";
import { checkIndex, checkShard, indexFiles, safetensorsFiles } from "./checkpoint-files.ts";
import { checkRecipe, recipeFiles, recipeObjects } from "./recipe-files.ts";
import { resultOrNull } from "./verdict.ts";

/** One reader: `judge` tells whether the case was accepted, and throws where a promise is broken. */
export interface Target<T = unknown> {
  readonly cases: fc.Arbitrary<T>;
  /** Accepted cases among 1,000, at least: else the attack would stop at the first check. */
  readonly acceptedPerMille: number;
  readonly judge: (input: T, folder: string) => boolean;
}

/** A new file each time: ext4 flushes one that is truncated and written again, which takes 1.4 ms. */
function putFile(path: string, bytes: Uint8Array): void {
  rmSync(path, { force: true });
  writeFileSync(path, bytes);
}

const headers: Target<Uint8Array> = {
  cases: safetensorsFiles,
  acceptedPerMille: 50,
  judge(bytes, folder) {
    const path = join(folder, "model.safetensors");
    putFile(path, bytes);
    const shard = resultOrNull(() => readShardFile(path), ["CHECKPOINT_INVALID", "DTYPE_UNSUPPORTED"]);
    if (shard !== null) checkShard(shard, bytes.byteLength);
    return shard !== null;
  },
};

const indexes: Target<Uint8Array> = {
  cases: indexFiles,
  acceptedPerMille: 50,
  judge(bytes, folder) {
    putFile(join(folder, INDEX_FILE), bytes);
    const index = resultOrNull(() => readShardIndex(folder), ["CHECKPOINT_INVALID"]);
    if (index !== null) checkIndex(index);
    return index !== null;
  },
};

const recipes: Target<Uint8Array> = {
  cases: recipeFiles,
  acceptedPerMille: 50,
  judge(bytes, folder) {
    const path = join(folder, "recipe.yaml");
    putFile(path, bytes);
    const recipe = resultOrNull(() => readRecipe(path, METHODS), ["RECIPE_INVALID", "RECIPE_UNSUPPORTED"]);
    if (recipe !== null) checkRecipe(recipe);
    return recipe !== null;
  },
};

const objects: Target = {
  cases: recipeObjects,
  acceptedPerMille: 50,
  judge(input) {
    const read = () => recipeFromObject(input as RecipeInput, METHODS);
    const recipe = resultOrNull(read, ["RECIPE_INVALID", "RECIPE_UNSUPPORTED"]);
    if (recipe !== null) checkRecipe(recipe);
    return recipe !== null;
  },
};

/** By the name that `scripts/fuzz.mjs` takes. */
export const TARGETS: Readonly<Record<string, Target>> = {
  headers: headers as Target,
  indexes: indexes as Target,
  recipes: recipes as Target,
  objects,
};
