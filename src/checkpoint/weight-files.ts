/** Which files of a model folder hold its weights, and what to say of a folder that has none to read. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { TiesmithError } from "../errors.ts";
import { readShardIndex, type ShardIndex } from "./shard-index.ts";
import { systemError } from "./system-error.ts";
import { listed } from "./wording.ts";

/** The name of a model's weights when they are in one file. */
export const SINGLE_FILE = "model.safetensors";

/** The weights of a model folder, by file name. */
export interface WeightFiles {
  readonly shardNames: readonly string[];
  readonly index: ShardIndex | null;
}

/**
 * Finds the weights in a model folder. An index wins over `model.safetensors`, as in transformers and mergekit.
 *
 * @throws MODEL_NOT_FOUND if the path is no folder or holds no safetensors model; CHECKPOINT_INVALID if the
 * index is broken; NO_PERMISSION
 */
export function findWeightFiles(folder: string): WeightFiles {
  const names = listFolder(folder);
  const index = readShardIndex(folder);
  if (index !== null) return { shardNames: index.shardNames, index };
  if (names.includes(SINGLE_FILE)) return { shardNames: [SINGLE_FILE], index: null };
  throw new TiesmithError(
    "MODEL_NOT_FOUND",
    `Expected ${SINGLE_FILE} or an index with its shards in ${folder}, but found ${whatIsThere(names)}`,
    { path: folder },
  );
}

/**
 * The names in a model folder.
 *
 * @throws MODEL_NOT_FOUND if the path leads nowhere or to a file; NO_PERMISSION
 */
function listFolder(folder: string): string[] {
  try {
    if (!statSync(folder).isDirectory()) throw notAFolder(folder);
    return readdirSync(folder);
  } catch (error) {
    throw systemError(error, folder, "a model folder", "MODEL_NOT_FOUND");
  }
}

/** The error for a model path that leads to a file. */
export function notAFolder(path: string): TiesmithError {
  const parent = dirname(path);
  const advice =
    path.endsWith(".safetensors") || existsSync(join(parent, "config.json"))
      ? `; give the folder that holds it: ${parent}`
      : "";
  return new TiesmithError(
    "MODEL_NOT_FOUND",
    `Expected a model folder at ${path}, but found a file${advice}`,
    {
      path,
    },
  );
}

function whatIsThere(names: readonly string[]): string {
  const pickles = names.filter((name) => /^pytorch_model.*\.bin(\.index\.json)?$/.test(name));
  const shards = names.filter((name) => name.endsWith(".safetensors"));
  if (shards.some((name) => name.startsWith("adapter_model"))) {
    return "a LoRA adapter; merge it into its base model first (merge_and_unload of peft), then save that";
  }
  if (shards.length > 0)
    return `only ${listed(shards)}; the index is missing or the file is misnamed: download the model again`;
  if (pickles.length > 0) {
    return `only ${listed(pickles)}; convert it once in Python with AutoModelForCausalLM.from_pretrained(folder, torch_dtype="auto").save_pretrained(new_folder, safe_serialization=True)`;
  }
  if (names.some((name) => name.endsWith(".gguf")))
    return "only GGUF; use the safetensors release of the model";
  return "no weights; if the model was downloaded, complete the download";
}
