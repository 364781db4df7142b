/** The whole merge: recipe → plan → measure → combine → seal. */
import { resolve } from "node:path";
import { TiesmithError } from "../errors.ts";
import { methods } from "../methods/registry.ts";
import { addon } from "../native/addon.ts";
import type { MergePlan } from "../plan/merge-plan.ts";
import { checkOutput } from "../plan/output-checks.ts";
import { planMerge } from "../plan/plan-merge.ts";
import { Problems } from "../plan/problems.ts";
import { type RecipeInput, readRecipe, recipeFromObject } from "../recipe/recipe.ts";
import { VERSION } from "../version.ts";
import { modelLabels, summarizeModels } from "./manifest.ts";
import { checkMergeOptions } from "./merge-option-checks.ts";
import type { MergeOptions, MergeResult } from "./merge-options.ts";
import { measureModel, mergeTensors, type ModelScope, scopeOf, type Work } from "./merge-tensors.ts";
import { openPartialFolder, type PartialFolder, planDigest } from "./partial-folder.ts";
import { planWorks } from "./plan-works.ts";
import { defaultThreads, Pool } from "./pool.ts";
import { ProgressMeter } from "./progress.ts";
import { confirmClaims } from "./resume.ts";
import { seal } from "./seal.ts";
import { recordOf, scopeRecord, type TensorRecord } from "./tensor-record.ts";

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
  checkMergeOptions(options);
  const started = performance.now();
  const startedAt = new Date();
  const out = resolve(options.out);
  const plan = planned(recipe, { ...options, out });
  options.signal?.throwIfAborted();
  const digest = planDigest(plan, VERSION, options.saturate === true);
  const { resume = false, restart = false } = options;
  const partial = openPartialFolder(plan, { out, resume, restart, digest, version: VERSION });
  const meter = new ProgressMeter(plan, started, options.onProgress);
  const pool = new Pool(options.threads ?? defaultThreads());
  const cancel = () => pool.cancel();
  options.signal?.addEventListener("abort", cancel, { once: true });
  try {
    if (options.signal?.aborted) cancel();
    const { records, scope, resumedTensors } = await mergeAll(plan, partial, pool, meter, options.saturate === true);
    meter.phase("seal");
    const seconds = () => (performance.now() - started) / 1000;
    const manifest = await seal(plan, partial.path, {
      out,
      overwrite: options.overwrite === true,
      version: VERSION,
      languages: options.languages ?? [],
      hashInputs: options.hashInputs === true,
      records,
      scope: scope === null ? null : scopeRecord(scope.measured, modelLabels(plan.models)),
      run: {
        startedAt: startedAt.toISOString(),
        seconds: seconds(),
        threads: pool.threads,
        kernel: addon().kernel,
        node: process.version,
        resumedTensors,
      },
    });
    return {
      out,
      method: plan.method,
      tensorCount: plan.tensors.length,
      parameterCount: plan.parameterCount,
      readBytes: plan.readBytes,
      writtenBytes: plan.writeBytes,
      seconds: seconds(),
      threads: pool.threads,
      kernel: addon().kernel,
      resumedTensors,
      models: summarizeModels(plan, records.values()),
      conflicts: manifest.conflicts,
      givenBack: manifest.givenBack,
      saturated: manifest.saturated,
      notes: plan.notes,
    };
  } finally {
    options.signal?.removeEventListener("abort", cancel);
    partial.journal.close();
    await pool.close();
  }
}

/** Plans, and refuses everything that can be refused before a byte is written. */
function planned(recipe: string | RecipeInput, options: MergeOptions): MergePlan {
  const parsed = typeof recipe === "string" ? readRecipe(recipe, methods) : recipeFromObject(recipe, methods);
  const { plan, problems: found } = planMerge(parsed, {
    ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }),
    ...(options.chunkElements === undefined ? {} : { chunkElements: options.chunkElements }),
  });
  const problems = new Problems();
  problems.list.push(...found);
  checkOutput(plan, options, problems);
  if (plan === null || problems.list.length > 0) throw TiesmithError.fromProblems(problems.list);
  return plan;
}

interface Merged {
  readonly records: ReadonlyMap<string, TensorRecord>;
  readonly scope: ModelScope | null;
  readonly resumedTensors: number;
}

async function mergeAll(
  plan: MergePlan,
  partial: PartialFolder,
  pool: Pool,
  meter: ProgressMeter,
  saturate: boolean,
): Promise<Merged> {
  const works = planWorks(plan, partial.path, saturate);
  const records = await confirmClaims(plan, partial, pool);
  const resumedTensors = records.size;
  for (const work of works) if (records.has(work.name)) meter.skip(work);
  const left = works.filter((work) => !records.has(work.name));
  const scope = await modelScope(plan, works, left, partial, pool, meter);
  meter.phase("combine");
  const labels = modelLabels(plan.models);
  await mergeTensors(left, scope, pool, {
    advanced: (work, elementCount) => meter.advance(work, elementCount),
    tensorDone: (work, outcome) => {
      const record = recordOf(work.name, outcome, labels);
      partial.journal.append({ kind: "tensor", record });
      records.set(work.name, record);
      meter.tensorDone();
    },
  });
  return { records, scope, resumedTensors };
}

/** Cuts over the whole model: from the journal of an interrupted merge, or measured now. */
async function modelScope(
  plan: MergePlan,
  works: readonly Work[],
  left: readonly Work[],
  partial: PartialFolder,
  pool: Pool,
  meter: ProgressMeter,
): Promise<ModelScope | null> {
  if (plan.scope !== "model") return null;
  if (partial.measured !== null) return scopeOf(works, partial.measured);
  if (left.length === 0) return null;
  meter.phase("measure");
  const scope = await measureModel(works, pool);
  if (scope !== null) partial.journal.append({ kind: "scope", measured: scope.measured });
  return scope;
}
