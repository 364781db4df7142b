/** A model folder as one set of tensors: shards, index and config read and checked against each other. */

import { join, resolve } from "node:path";
import { type Problem, TiesmithError } from "../errors.ts";
import { type ModelConfig, readConfig } from "./config.ts";
import { derivedSuffix, dropDerivedBuffers } from "./derived-buffers.ts";
import { readShardFile, type ShardFile, type TensorEntry } from "./header.ts";
import { refuseUnmergeable } from "./quantised.ts";
import type { ShardIndex } from "./shard-index.ts";
import { checkTied, findTiedPair } from "./tied-head.ts";
import { findWeightFiles } from "./weight-files.ts";
import { listed, quoted } from "./wording.ts";

/** A tensor of a checkpoint; `shardIndex` counts in `Checkpoint.shards`. */
export interface CheckpointTensor extends TensorEntry {
  readonly shardIndex: number;
}

/** A model folder: its files, its tensors in the order of the files, its config. */
export interface Checkpoint {
  /** Absolute. */
  readonly folder: string;
  readonly shards: readonly ShardFile[];
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly config: ModelConfig | null;
  /** What was left out and why, one sentence each. */
  readonly notes: readonly string[];
}

/** What a checkpoint is read for. */
export interface ReadCheckpointOptions {
  /**
   * `merge` (default): derived buffers and a tied head are dropped, what cannot be merged is refused.
   * `inspect`: every tensor of the files, whatever its format.
   */
  readonly purpose?: "merge" | "inspect";
}

/**
 * Reads the headers, the index and the config of a model folder, and checks them against each other. Reads no
 * tensor, except to compare a stored head with the embedding it is tied to.
 *
 * @throws MODEL_NOT_FOUND if there is no safetensors model; CHECKPOINT_INVALID if a file breaks a rule or the
 * files disagree (every broken shard is named); DTYPE_UNSUPPORTED for quantised formats; NO_PERMISSION
 * @example
 * const { tensors, notes } = readCheckpoint("models/llama-2-7b");
 */
export function readCheckpoint(folder: string, options: ReadCheckpointOptions = {}): Checkpoint {
  const root = resolve(folder);
  const { shardNames, index } = findWeightFiles(root);
  const config = readConfig(root);
  const shards = readShards(root, shardNames);
  const tensors = collectTensors(shards, shardNames);
  if (index !== null) checkIndex(index, tensors, shardNames);
  const notes: string[] = [];
  if (options.purpose !== "inspect") {
    notes.push(...dropDerivedBuffers(tensors));
    refuseUnmergeable(tensors.values(), config, root);
    if (config?.tieWordEmbeddings) notes.push(...foldTiedHead(tensors, shards));
    if (config?.raw.quantization_config !== undefined) {
      notes.push("ignored quantization_config in config.json, since no tensor is quantised");
    }
  }
  return { folder: root, shards, tensors, config, notes };
}

/** Reads every shard before it complains, so that one download mends them all. */
function readShards(root: string, shardNames: readonly string[]): ShardFile[] {
  const shards: ShardFile[] = [];
  const problems: Problem[] = [];
  for (const name of shardNames) {
    try {
      shards.push(readShardFile(join(root, name)));
    } catch (error) {
      if (!(error instanceof TiesmithError)) throw error;
      problems.push(error.toProblem());
    }
  }
  if (problems.length > 0) throw TiesmithError.fromProblems(problems);
  return shards;
}

function collectTensors(
  shards: readonly ShardFile[],
  shardNames: readonly string[],
): Map<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>();
  for (const [shardIndex, shard] of shards.entries()) {
    for (const entry of shard.tensors) {
      const other = tensors.get(entry.name);
      if (other !== undefined) {
        throw new TiesmithError(
          "CHECKPOINT_INVALID",
          `Expected tensor ${quoted(entry.name)} in one shard, but found it in ${shardNames[other.shardIndex]} and ${shard.path}`,
          { path: shard.path, tensor: entry.name },
        );
      }
      tensors.set(entry.name, { ...entry, shardIndex });
    }
  }
  return tensors;
}

/** The index and the shards must tell the same; derived buffers may be in one of them only. */
function checkIndex(
  index: ShardIndex,
  tensors: ReadonlyMap<string, CheckpointTensor>,
  shardNames: readonly string[],
): void {
  const missing = [...index.weightMap].filter(([name, shard]) => {
    const tensor = tensors.get(name);
    return (
      derivedSuffix(name) === undefined && (tensor === undefined || shardNames[tensor.shardIndex] !== shard)
    );
  });
  const unlisted = [...tensors.keys()].filter(
    (name) => !index.weightMap.has(name) && derivedSuffix(name) === undefined,
  );
  const problems: Problem[] = [];
  const report = (message: string, names: string[]): void => {
    if (names.length === 0) return;
    const details = { path: index.path, tensors: names };
    problems.push({
      code: "CHECKPOINT_INVALID",
      message: `${message} ${listed(names)}; download the model again`,
      details,
    });
  };
  for (const shard of index.shardNames) {
    const names = missing.filter(([, listedShard]) => listedShard === shard).map(([name]) => name);
    report(`Expected every tensor that ${index.path} lists in ${shard}, but that shard lacks`, names);
  }
  report(`Expected ${index.path} to list every tensor of its shards, but it lacks`, unlisted);
  if (problems.length > 0) throw TiesmithError.fromProblems(problems);
}

function foldTiedHead(tensors: Map<string, CheckpointTensor>, shards: readonly ShardFile[]): string[] {
  const pair = findTiedPair(tensors.keys());
  if (pair === null) return [];
  const [head, embedding] = [pair.head, pair.embedding].map((name) => {
    const tensor = tensors.get(name) as CheckpointTensor;
    return { ...tensor, path: (shards[tensor.shardIndex] as ShardFile).path };
  });
  if (head === undefined || embedding === undefined) return [];
  checkTied(head, embedding);
  tensors.delete(pair.head);
  return [`dropped ${pair.head}, which is tied to ${pair.embedding} and equal to it`];
}
