/** What makes two models the same: the bytes of weights, config and tokenizer. */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { tokenizerFiles } from "../checkpoint/companion-files.ts";
import { addon } from "../native/addon.ts";

/** A hash over a model folder, or over a GGUF file; reads every byte once. */
export function modelHash(path: string): string {
  if (!statSync(path).isDirectory()) return hashFile(path);
  const shards = readCheckpoint(path).shards.map((shard) => shard.path);
  const small = ["config.json", ...tokenizerFiles(path)].map((name) => join(path, name));
  const hash = createHash("sha256");
  for (const shard of shards) hash.update(`${basename(shard)} ${hashFile(shard)}\n`);
  for (const file of small)
    hash.update(`${basename(file)} ${readFileSync(file).length}\n`).update(readFileSync(file));
  return hash.digest("hex").slice(0, 32);
}

/** XXH3-128. */
function hashFile(path: string): string {
  const file = addon().mapFile(path);
  try {
    return addon().hashRange(file, 0, statSync(path).size);
  } finally {
    addon().closeFile(file);
  }
}
