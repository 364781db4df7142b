import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { countParameters } from "./llama-shapes.mjs";
import { runProgram } from "./native-programs.mjs";

// Raise it when make_checkpoint writes other bytes for the same arguments.
const GENERATOR_VERSION = 1;

const BASE_SEED = 1;
const TASK_SEEDS = { base: 0, ct: 2, sft: 3 };

/**
 * @typedef {object} Fixture
 * @property {string} folder
 * @property {Record<"base" | "ct" | "sft", string>} models their folders
 * @property {"bf16" | "f32"} dtype
 * @property {number} parameterCount
 * @property {number} outputBytes the tensor bytes of one model
 */

/**
 * The checkpoints base, ct and sft of a shape in FOLDER/LABEL, made now unless a stamp says that they are there as
 * they would be made.
 *
 * @param {string} makeCheckpoint the compiled program
 * @returns {Fixture}
 */
export function prepareFixture(makeCheckpoint, root, shape, dtype, say) {
  const folder = fixtureFolder(root, shape, dtype);
  const parameterCount = countParameters(shape);
  const outputBytes = parameterCount * (dtype === "bf16" ? 2 : 4);
  const models = {};
  mkdirSync(folder, { recursive: true });
  for (const [name, taskSeed] of Object.entries(TASK_SEEDS)) {
    models[name] = path.join(folder, name);
    const order = { generator: GENERATOR_VERSION, ...shape, dtype, seed: BASE_SEED, taskSeed };
    if (isPresent(models[name], order)) continue;
    requireDisk(folder, outputBytes, `make ${models[name]}`);
    say(`making ${models[name]} (${(outputBytes / 1e9).toFixed(2)} GB)`);
    rmSync(stampPath(models[name]), { force: true });
    makeModel(makeCheckpoint, models[name], order);
    writeFileSync(stampPath(models[name]), JSON.stringify({ order, sizes: listSizes(models[name]) }));
  }
  requireDisk(folder, outputBytes, "write the merged model");
  return { folder, models, dtype, parameterCount, outputBytes };
}

/** Where the checkpoints of a shape are, or would be. */
export function fixtureFolder(root, shape, dtype) {
  return path.join(root, dtype === "bf16" ? shape.label : `${shape.label}-${dtype}`);
}

/** The safetensors files of a model folder, in the order of their names. */
export function listShards(model) {
  return readdirSync(model)
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .map((name) => path.join(model, name));
}

/** The bytes of some files together. */
export function countBytes(files) {
  return files.reduce((bytes, file) => bytes + statSync(file).size, 0);
}

function makeModel(makeCheckpoint, model, order) {
  runProgram(makeCheckpoint, [
    ...["--out", model, "--dtype", order.dtype, "--seed", order.seed, "--task-seed", order.taskSeed],
    ...["--hidden", order.hidden, "--layers", order.layerCount, "--intermediate", order.intermediate],
    ...["--heads", order.headCount, "--kv-heads", order.kvHeadCount, "--vocab", order.vocab],
  ]);
}

// Beside the model and not in it: a merge copies files that it does not know.
function stampPath(model) {
  return `${model}.stamp.json`;
}

function isPresent(model, order) {
  try {
    const stamp = JSON.parse(readFileSync(stampPath(model), "utf8"));
    return isDeepStrictEqual(stamp, { order, sizes: listSizes(model) });
  } catch {
    return false; // no stamp, no folder, or a stamp cut short
  }
}

function listSizes(model) {
  return Object.fromEntries(readdirSync(model).map((name) => [name, statSync(path.join(model, name)).size]));
}

/** Throws if there is no room in a folder that is there. */
export function requireDisk(folder, bytes, purpose) {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes * 1.02) {
    const gigabytes = (count) => (count / 1e9).toFixed(1);
    throw new Error(
      `Expected ${gigabytes(bytes)} GB free in ${folder} to ${purpose}, but found ${gigabytes(bavail * bsize)} GB; choose another --folder`,
    );
  }
}
