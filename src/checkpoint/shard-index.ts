/** `model.safetensors.index.json`: which shard holds which tensor. */

import { join } from "node:path";
import { TiesmithError } from "../errors.ts";
import { isJsonObject, readJsonObject } from "./json-file.ts";
import { quoted, shown } from "./wording.ts";

/** The name of a sharded model's index. */
export const INDEX_FILE = "model.safetensors.index.json";

/** What an index says. */
export interface ShardIndex {
  /** Absolute. */
  readonly path: string;
  /** File names inside the model folder, each once, sorted. */
  readonly shardNames: readonly string[];
  /** Tensor name to shard name. */
  readonly weightMap: ReadonlyMap<string, string>;
}

/**
 * Reads the index of a model folder; null if it has none. Shard names are judged as names, so none leads out
 * of the folder; links are followed later, since the hub cache is made of them.
 *
 * @throws CHECKPOINT_INVALID if the index is broken or a name is not a plain file name; NO_PERMISSION
 */
export function readShardIndex(folder: string): ShardIndex | null {
  const path = join(folder, INDEX_FILE);
  const raw = readJsonObject(path, { what: "an index", uniqueDepth: 2 });
  if (raw === null) return null;
  const entries = isJsonObject(raw.weight_map) ? Object.entries(raw.weight_map) : [];
  if (entries.length === 0) {
    throw invalid(path, "weight_map to list tensors and their shards", `found ${shown(raw.weight_map)}`);
  }
  const weightMap = new Map<string, string>();
  for (const [tensor, shard] of entries) weightMap.set(tensor, checkedShardName(shard, tensor, path));
  return { path, shardNames: [...new Set(weightMap.values())].sort(), weightMap };
}

function checkedShardName(shard: unknown, tensor: string, path: string): string {
  const expected = `a shard inside the model folder for tensor ${quoted(tensor)}`;
  if (typeof shard !== "string") throw invalid(path, expected, `found ${shown(shard)}`);
  // Backslashes and drive letters are paths on Windows only, yet refused everywhere: no loader writes them.
  if (shard === "." || shard === ".." || /[/\\:\0]/.test(shard)) {
    throw invalid(path, expected, `found ${quoted(shard)}, which is a path and not a file name`);
  }
  if (!shard.endsWith(".safetensors"))
    throw invalid(path, expected, `found ${quoted(shard)}, not a .safetensors file`);
  return shard;
}

function invalid(path: string, expected: string, found: string): TiesmithError {
  return new TiesmithError("CHECKPOINT_INVALID", `Expected ${expected} in ${path}, but ${found}`, { path });
}
