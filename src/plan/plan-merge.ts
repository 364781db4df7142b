/** Turns a recipe into a {@link MergePlan}, from headers and configs alone, with every problem found at once. */
import {
  layOutShards,
  type OutputTensor,
  type PlacedTensor,
  type ShardLayout,
} from "../checkpoint/layout.ts";
import { DTYPE_BYTES, type FloatDtype, isFloatDtype } from "../dtypes.ts";
import { type Problem, TiesmithError } from "../errors.ts";
import { DEFAULT_CHUNK_BYTES } from "../memory-budget.ts";
import type { Arithmetic, Method } from "../methods/method.ts";
import { methodNamed } from "../methods/registry.ts";
import { layerIndex, type Recipe, recipeToPlain } from "../recipe/recipe.ts";
import { type Companions, planCompanions } from "./companions.ts";
import { type GgufOutput, type GgufRequest, ggufChunkElements, planGgufOutput } from "./gguf-output.ts";
import { type MatchedTensor, matchTensors } from "./match-tensors.ts";
import type { MergePlan, PlannedTensor } from "./merge-plan.ts";
import { Problems } from "./problems.ts";
import { type InputModel, type Inputs, plannedModel, readInputs } from "./read-inputs.ts";
import { resolveArithmetic } from "./resolve-arithmetic.ts";

/** 5 GB, as transformers splits checkpoints. */
export const DEFAULT_SHARD_BYTES = 5e9;

const MOST_MODELS = 256;

export interface PlanOptions {
  /** Data bytes per shard. */
  readonly maxShardBytes?: number;
  /** A multiple of 4,096. Does not change the tensors, only how the work and the manifest's hashes are cut. */
  readonly chunkElements?: number;
  /** Write one GGUF file instead of a model folder. */
  readonly gguf?: GgufRequest;
}

export interface PlanResult {
  /** Null if there are problems. */
  readonly plan: MergePlan | null;
  readonly problems: readonly Problem[];
  /** Layers of the reference model, by which gradients are resolved. */
  readonly layerCount: number;
}

/** Plans a merge. Reads no tensor, except integer buffers, which must be equal everywhere. */
export function planMerge(recipe: Recipe, options: PlanOptions = {}): PlanResult {
  const problems = new Problems();
  const method = methodNamed(recipe.mergeMethod);
  if (method === undefined)
    throw new TiesmithError("INTERNAL", `The recipe passed with an unknown method ${recipe.mergeMethod}`);
  const failed = (layerCount = 0): PlanResult => ({ plan: null, problems: problems.list, layerCount });
  if (recipe.models.length > MOST_MODELS) {
    problems.add(
      "RECIPE_INVALID",
      `Expected at most ${MOST_MODELS} models, but received ${recipe.models.length}`,
    );
    return failed();
  }
  const inputs = readInputs(recipe, method.base === "required", problems);
  if (inputs === undefined) return failed();
  const layerCount = countLayers(inputs);
  const matched = matchTensors(inputs, problems);
  const arithmetic = arithmeticOf(recipe, method, inputs, matched, layerCount, problems);
  const dtype = recipe.outDtype ?? recipe.dtype;
  const companions = planCompanions(recipe, inputs, dtype ?? storedDtype(matched), problems);
  if (problems.list.length > 0 || arithmetic === undefined) return failed(layerCount);

  const merged = matched.map(({ name, shape, elementCount, copied, dtype: own }): OutputTensor => {
    return { name, shape, elementCount, dtype: copied ? own : (dtype ?? own) };
  });
  const output = problems.attempt(() => layOut(merged, companions, options));
  if (output === undefined) return failed(layerCount);
  const { shards } = output;
  const chunkElements = options.chunkElements ?? defaultChunkElements(shards, options.gguf);
  const tensors = plannedTensors(matched, output, arithmetic, chunkElements);
  const [first] = arithmetic.values();
  const notes = [...recipe.notes, ...checkpointNotes(inputs), ...companions.notes, ...output.notes];
  const plan: MergePlan = {
    method: method.name,
    format: options.gguf === undefined ? "safetensors" : "gguf",
    recipe: recipeToPlain(recipe),
    scope: first?.kind === "ties" ? first.scope : "tensor",
    base: inputs.base === null ? null : plannedModel(inputs.base),
    models: inputs.models.map(plannedModel),
    priority: recipe.priorityIndex,
    tensors,
    shards,
    config: companions.config,
    companions: companions.files,
    chunkElements,
    readBytes: tensors.reduce((sum, tensor) => sum + bytesRead(tensor), 0),
    writeBytes: shards.reduce((sum, shard) => sum + shard.byteSize, 0),
    parameterCount: tensors.reduce((sum, tensor) => sum + tensor.elementCount, 0),
    notes,
  };
  return { plan, problems: [], layerCount };
}

interface Output {
  readonly shards: readonly ShardLayout[];
  readonly gguf: GgufOutput["tensors"] | null;
  readonly notes: readonly string[];
}

/** @throws {TiesmithError} where the model cannot be written as it was asked for */
function layOut(
  tensors: readonly OutputTensor[],
  companions: Companions,
  { maxShardBytes, gguf }: PlanOptions,
): Output {
  if (gguf === undefined)
    return { shards: layOutShards(tensors, maxShardBytes ?? DEFAULT_SHARD_BYTES), gguf: null, notes: [] };
  const { shard, tensors: planned, notes } = planGgufOutput(tensors, companions, gguf);
  return { shards: [shard], gguf: planned, notes };
}

/** So many that neither what is merged nor what is stored of it is larger than a chunk should be. */
function defaultChunkElements(shards: readonly ShardLayout[], gguf: GgufRequest | undefined): number {
  const widths = shards.flatMap((shard) =>
    shard.tensors.map(({ dtype }) => (isFloatDtype(dtype) ? DTYPE_BYTES[dtype] : 0)),
  );
  return DEFAULT_CHUNK_BYTES / Math.max(gguf?.type === "f32" ? 4 : 2, ...new Set(widths));
}

function countLayers({ base, models }: Inputs): number {
  const { config, tensors } = (base ?? (models[0] as InputModel)).checkpoint;
  if (config?.layerCount != null) return config.layerCount;
  const indices = [...tensors.keys()].map((name) => layerIndex(name) ?? -1);
  return Math.max(-1, ...indices) + 1;
}

function arithmeticOf(
  recipe: Recipe,
  method: Method,
  inputs: Inputs,
  matched: readonly MatchedTensor[],
  layerCount: number,
  problems: Problems,
): Map<string, Arithmetic> | undefined {
  const names = matched.filter((tensor) => !tensor.copied).map((tensor) => tensor.name);
  const modelNames = inputs.models.map((model) => model.reference);
  return resolveArithmetic(recipe, method, modelNames, names, layerCount, problems);
}

/** What `config.json` should say where every tensor keeps its own dtype: that of most elements. */
function storedDtype(matched: readonly MatchedTensor[]): FloatDtype {
  const counts = new Map<FloatDtype, number>();
  for (const { dtype, elementCount, copied } of matched)
    if (!copied) counts.set(dtype as FloatDtype, (counts.get(dtype as FloatDtype) ?? 0) + elementCount);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? "F32";
}

function plannedTensors(
  matched: readonly MatchedTensor[],
  { shards, gguf: planned }: Output,
  arithmetic: ReadonlyMap<string, Arithmetic>,
  chunkElements: number,
): PlannedTensor[] {
  const places = new Map(shards.flatMap((shard) => shard.tensors.map((placed) => [placed.name, placed])));
  return matched.map(({ name, shape, elementCount, base, models }) => {
    const gguf = planned?.get(name) ?? null;
    return {
      name,
      shape,
      elementCount,
      base,
      models,
      output: places.get(name) as PlacedTensor,
      gguf,
      chunkElements: gguf === null ? chunkElements : ggufChunkElements(gguf, chunkElements),
      arithmetic: arithmetic.get(name) ?? null,
    };
  });
}

function bytesRead({ base, models, elementCount, arithmetic }: PlannedTensor): number {
  const sources = base === null ? models : [base, ...models];
  const read = arithmetic === null ? sources.slice(0, 1) : sources;
  return read.reduce((sum, { dtype }) => sum + elementCount * DTYPE_BYTES[dtype], 0);
}

function checkpointNotes({ base, models }: Inputs): string[] {
  const all = new Set(base === null ? models : [base, ...models]);
  return [...all].flatMap(({ reference, checkpoint }) =>
    checkpoint.notes.map((note) => `${reference}: ${note}`),
  );
}
