/** `plan`: what a merge would do, and every reason why it could not. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { DTYPE_BYTES, type Dtype } from "../dtypes.ts";
import { nearestName, type Problem } from "../errors.ts";
import type { GgufType } from "../gguf/layout.ts";
import { checkFormat, type OutputFormat } from "../gguf/output-format.ts";
import { memoryBudget } from "../memory-budget.ts";
import { methodNamed, methods } from "../methods/registry.ts";
import { type Recipe, type RecipeInput, readRecipe, recipeFromObject } from "../recipe/recipe.ts";
import { ggufRequest } from "./gguf-output.ts";
import type { MergePlan, PlannedModel } from "./merge-plan.ts";
import { checkOutput, freeDiskBytes } from "./output-checks.ts";
import { planMerge } from "./plan-merge.ts";
import { Problems } from "./problems.ts";
import { type ExplainedParameter, explainTensor } from "./resolve-arithmetic.ts";

export interface PlanReportOptions {
  /** Where the merge would write; checked if given. */
  readonly out?: string | undefined;
  /** What the merge would write: a model folder (default), or a GGUF file, of which type. */
  readonly format?: OutputFormat | undefined;
  readonly type?: GgufType | undefined;
  readonly threads?: number | undefined;
  readonly maxMemoryBytes?: number | undefined;
  readonly maxShardBytes?: number | undefined;
  readonly chunkElements?: number | undefined;
  readonly overwrite?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly restart?: boolean | undefined;
  /** A tensor whose parameters are shown as resolved. */
  readonly explain?: string | undefined;
}

export interface PlannedModelReport {
  readonly role: "base" | "model";
  readonly reference: string;
  readonly folder: string;
  readonly fileCount: number;
  readonly byteSize: number;
  /** Formats of the tensors that are read. */
  readonly dtypes: readonly Dtype[];
}

export interface ExplainedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly storedAs: Dtype;
  /** Whether it is copied unchanged. */
  readonly copied: boolean;
  readonly parameters: readonly ExplainedParameter[];
}

/** With problems, what depends on what they hide is null. */
export interface PlanReport {
  readonly problems: readonly Problem[];
  readonly method: string | null;
  readonly scope: string | null;
  readonly models: readonly PlannedModelReport[] | null;
  readonly tensorCount: number | null;
  readonly parameterCount: number | null;
  readonly storedAs: readonly (Dtype | GgufType)[] | null;
  readonly shardCount: number | null;
  readonly readBytes: number | null;
  readonly writeBytes: number | null;
  /** As many as the bound on memory allows. */
  readonly threads: number;
  /** Chunks that each thread has under way. */
  readonly chunksPerThread: number | null;
  /** Upper bound of anonymous memory; the mapped inputs come on top, and can be dropped by the system at any time. */
  readonly peakMemoryBytes: number | null;
  readonly freeDiskBytes: number | null;
  readonly notes: readonly string[];
  readonly explained: ExplainedTensor | null;
}

/**
 * Reads headers and configs only, and tells what a merge would do. Never throws for a problem of the request: all
 * of them are in `problems`.
 *
 * @example
 * const { problems, writeBytes } = plan("ties.yaml", { out: "merged" });
 */
export function plan(recipe: string | RecipeInput, options: PlanReportOptions = {}): PlanReport {
  const problems = new Problems();
  const format = problems.attempt(() => checkFormat(options));
  const parsed = problems.attempt(() =>
    typeof recipe === "string" ? readRecipe(recipe, methods) : recipeFromObject(recipe, methods),
  );
  const planned =
    parsed === undefined
      ? undefined
      : problems.attempt(() => planMerge(parsed, planOptions(options, format)));
  problems.list.push(...(planned?.problems ?? []));
  const merge = planned?.plan ?? null;
  if (options.out !== undefined) checkOutput(merge, { ...options, out: options.out }, problems);
  const explained =
    options.explain === undefined || merge === null || parsed === undefined
      ? null
      : explain(options.explain, parsed, merge, planned?.layerCount ?? 0, problems);
  const threads = options.threads ?? availableParallelism();
  const memory = problems.attempt(() => memoryBudget({ ...options, threads, format })) ?? null;
  return {
    problems: problems.list,
    method: parsed?.mergeMethod ?? null,
    scope: merge?.scope ?? null,
    models: merge === null ? null : modelReports(merge),
    tensorCount: merge?.tensors.length ?? null,
    parameterCount: merge?.parameterCount ?? null,
    storedAs:
      merge === null
        ? null
        : [...new Set(merge.tensors.map(({ output, gguf }) => gguf?.type ?? output.dtype))],
    shardCount: merge?.shards.length ?? null,
    readBytes: merge?.readBytes ?? null,
    writeBytes: merge?.writeBytes ?? null,
    threads: memory?.threads ?? threads,
    chunksPerThread: memory?.chunksPerThread ?? null,
    peakMemoryBytes: merge === null ? null : (memory?.peakBytes ?? null),
    freeDiskBytes: freeDiskBytes(resolve(options.out ?? ".")),
    notes: merge?.notes ?? parsed?.notes ?? [],
    explained,
  };
}

function planOptions(
  { maxShardBytes, chunkElements, out, type }: PlanReportOptions,
  format: OutputFormat | undefined,
) {
  return {
    ...(format === "gguf" ? { gguf: ggufRequest({ out, type }) } : {}),
    ...(maxShardBytes === undefined ? {} : { maxShardBytes }),
    ...(chunkElements === undefined ? {} : { chunkElements }),
  };
}

function modelReports(merge: MergePlan): PlannedModelReport[] {
  const report = (
    role: "base" | "model",
    model: PlannedModel,
    dtypes: readonly Dtype[],
  ): PlannedModelReport => ({
    role,
    reference: model.reference,
    folder: model.folder,
    fileCount: model.files.length,
    byteSize: model.files.reduce((sum, file) => sum + file.byteSize, 0),
    dtypes: [...new Set(dtypes)].sort((a, b) => DTYPE_BYTES[b] - DTYPE_BYTES[a]),
  });
  const base = merge.base;
  const bases =
    base === null
      ? []
      : [
          report(
            "base",
            base,
            merge.tensors.flatMap((t) => t.base?.dtype ?? []),
          ),
        ];
  const models = merge.models.map((model, i) =>
    report(
      "model",
      model,
      merge.tensors.flatMap((tensor) => tensor.models[i]?.dtype ?? []),
    ),
  );
  return [...bases, ...models];
}

function explain(
  name: string,
  recipe: Recipe,
  merge: MergePlan,
  layerCount: number,
  problems: Problems,
): ExplainedTensor | null {
  const tensor = merge.tensors.find((candidate) => candidate.name === name);
  const method = methodNamed(recipe.mergeMethod);
  if (tensor === undefined || method === undefined) {
    const near = nearestName(
      name,
      merge.tensors.map((candidate) => candidate.name),
    );
    problems.add(
      "USAGE",
      `Expected the name of a tensor to explain, but received ${name}${near ? ` (did you mean ${near}?)` : ""}`,
    );
    return null;
  }
  const references = merge.models.map((model) => model.reference);
  const copied = tensor.arithmetic === null;
  return {
    name,
    shape: tensor.shape,
    storedAs: tensor.output.dtype,
    copied,
    parameters: copied ? [] : explainTensor(recipe, method, references, name, layerCount),
  };
}
