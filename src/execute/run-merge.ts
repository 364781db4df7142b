/** The whole merge: recipe → plan → measure → combine → seal. */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf, TiesmithError } from "../errors.ts";
import { methods } from "../methods/registry.ts";
import { addon } from "../native/addon.ts";
import { ggufRequest } from "../plan/gguf-output.ts";
import type { MergePlan } from "../plan/merge-plan.ts";
import { checkOutput, checkPlanned } from "../plan/output-checks.ts";
import { planMerge } from "../plan/plan-merge.ts";
import { Problems } from "../plan/problems.ts";
import { type RecipeInput, readRecipe, recipeFromObject } from "../recipe/recipe.ts";
import { VERSION } from "../version.ts";
import { CutCache } from "./cut-cache.ts";
import { fillMemory } from "./fill-memory.ts";
import { withRoomWanted } from "./full-disk.ts";
import { KnownCuts, WHOLE_MODEL } from "./known-cuts.ts";
import { type Manifest, modelLabels } from "./manifest.ts";
import type { MergeOptions, MergeResult } from "./merge-options.ts";
import { type MergeHooks, type ModelScope, measureModel, mergeTensors, scopeOf } from "./merge-tensors.ts";
import { settleReplaced } from "./move-into-place.ts";
import { withOutputLock } from "./output-lock.ts";
import { openPartialFolder, type PartialFolder, planDigest } from "./partial-folder.ts";
import { planWorks } from "./plan-works.ts";
import type { Pool } from "./pool.ts";
import { ProgressMeter } from "./progress.ts";
import { confirmClaims } from "./resume.ts";
import { seal } from "./seal.ts";
import { systemProblem } from "./system-problem.ts";
import { recordOf, scopeRecord, type TensorRecord } from "./tensor-record.ts";
import type { Work } from "./work.ts";

/** What a merge runs on, and when it began. */
interface Run {
  readonly pool: Pool;
  readonly started: number;
}

/** Merges on a pool that has been started, and closes it. */
export async function runMerge(
  recipe: string | RecipeInput,
  given: MergeOptions,
  run: Run,
): Promise<MergeResult> {
  const options = { ...given, out: resolve(given.out) };
  const plan = planned(recipe, options);
  return withOutputLock(options.out, async () => {
    await claimOutput(plan, options);
    return mergeInto(plan, options, run);
  });
}

/** Looks again once no other merge can be there: what was planned beside one may not hold any more. */
async function claimOutput(plan: MergePlan, options: MergeOptions): Promise<void> {
  const problems = new Problems();
  checkPlanned(plan, options.out, options, problems);
  if (problems.list.length > 0) throw TiesmithError.fromProblems(problems.list);
  if (plan.format === "safetensors") await settleReplaced(options.out);
}

async function mergeInto(
  plan: MergePlan,
  options: MergeOptions,
  { pool, started }: Run,
): Promise<MergeResult> {
  const startedAt = new Date().toISOString();
  const digest = planDigest(plan, VERSION, options.saturate === true);
  const { out, resume = false, restart = false } = options;
  const partial = openPartialFolder(plan, { out, resume, restart, digest, version: VERSION });
  try {
    const meter = new ProgressMeter(plan, started, options.onProgress);
    const merged = await mergeAll(plan, partial, pool, meter, options);
    meter.phase("seal");
    // Beside sealing, the workers end.
    const closed = pool.close();
    const { resumedTensors } = merged;
    const { threads } = pool;
    const run = { startedAt, threads, kernel: addon().kernel, node: process.version, resumedTensors };
    const facts = { ...sealFacts(plan, options, merged), out, threads, run };
    const manifest = await seal(plan, partial.path, facts);
    await closed;
    // Only now is it sure that the inputs stayed what they were.
    const notes = [...plan.notes, ...keepCuts(merged.cuts)];
    return resultOf(plan, manifest, { out, threads, resumedTensors, started, notes });
  } catch (error) {
    // Nothing may still write into a folder that is about to be deleted, or left for a resume.
    pool.cancel();
    await pool.close();
    throw afterFailure(error, partial);
  } finally {
    partial.journal.close();
  }
}

/** A merge that is done does not fail for a cache. */
function keepCuts(cuts: KnownCuts | null): string[] {
  try {
    cuts?.keep();
    return [];
  } catch (error) {
    return [`the cuts could not be kept: ${messageOf(error)}`];
  }
}

function sealFacts(plan: MergePlan, options: MergeOptions, { records, scope }: Merged) {
  return {
    overwrite: options.overwrite === true,
    version: VERSION,
    languages: options.languages ?? [],
    hashInputs: options.hashInputs === true,
    sha256: options.sha256 === true,
    signal: options.signal,
    records,
    scope: scope === null ? null : scopeRecord(scope.measured, modelLabels(plan.models)),
  };
}

function resultOf(
  plan: MergePlan,
  manifest: Manifest,
  run: {
    out: string;
    threads: number;
    resumedTensors: number;
    started: number;
    notes: readonly string[];
  },
): MergeResult {
  const { models, conflicts, givenBack, saturated } = manifest;
  return {
    out: run.out,
    format: plan.format,
    method: plan.method,
    tensorCount: plan.tensors.length,
    parameterCount: plan.parameterCount,
    readBytes: plan.readBytes,
    writtenBytes: plan.writeBytes,
    seconds: (performance.now() - run.started) / 1000,
    threads: run.threads,
    kernel: addon().kernel,
    resumedTensors: run.resumedTensors,
    models,
    conflicts,
    givenBack,
    saturated,
    notes: run.notes,
  };
}

/** Keeps OUT.partial where going on makes sense, and says so; a fault of the inputs would only come again. */
function afterFailure(error: unknown, partial: PartialFolder): unknown {
  if (!(error instanceof TiesmithError))
    return afterFailure(TiesmithError.fromProblem(systemProblem(error)), partial);
  if (error.code === "INTERRUPTED" || error.code === "WORKER_FAILED") {
    const what = error.code === "INTERRUPTED" ? "The merge was interrupted" : error.message;
    return new TiesmithError(
      error.code,
      `${what}; ${partial.path} keeps what is done: go on with --resume, or discard it with --restart`,
      { partial: partial.path },
    );
  }
  if (error.code === "NOT_FINITE" || error.code === "OVERFLOW")
    rmSync(partial.path, { recursive: true, force: true });
  return withRoomWanted(error, partial.path, "and go on with --resume");
}

/** Plans, and refuses everything that can be refused before a byte is written. */
function planned(recipe: string | RecipeInput, options: MergeOptions): MergePlan {
  const parsed = typeof recipe === "string" ? readRecipe(recipe, methods) : recipeFromObject(recipe, methods);
  const { plan, problems: found } = planMerge(parsed, {
    ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }),
    ...(options.chunkElements === undefined ? {} : { chunkElements: options.chunkElements }),
    ...(options.format === "gguf" ? { gguf: ggufRequest(options) } : {}),
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
  readonly cuts: KnownCuts | null;
}

async function mergeAll(
  plan: MergePlan,
  partial: PartialFolder,
  pool: Pool,
  meter: ProgressMeter,
  options: MergeOptions,
): Promise<Merged> {
  if (!keepsCached(options) || fillMemory(plan.readBytes)) pool.borrowCache();
  const works = planWorks(plan, partial.path, options.saturate === true);
  const cuts = knownCuts(plan, works, options);
  const records = await confirmClaims(plan, partial, pool);
  const resumedTensors = records.size;
  for (const work of works) if (records.has(work.name)) meter.skip(work);
  const left = works.filter((work) => !records.has(work.name));
  const scope = await modelScope(plan, works, left, partial, pool, meter, cuts);
  if (scope !== null) cuts?.take(WHOLE_MODEL, scope.measured);
  meter.phase("combine");
  const labels = plan.base === null ? [] : modelLabels(plan.models);
  const hooks: MergeHooks = {
    advanced: (_, elementCount) => meter.advance(elementCount),
    tensorDone: (work, outcome) => {
      cuts?.take(work.name, outcome.measured);
      const record = recordOf(work.name, outcome, labels);
      partial.journal.append({ kind: "tensor", record });
      records.set(work.name, record);
      meter.tensorDone();
    },
  };
  await mergeTensors(left, scope, pool, hooks, (name) => cuts?.measured(name) ?? null);
  return { records, scope, resumedTensors, cuts };
}

/** Whoever keeps cuts merges the same inputs again. */
function keepsCached({ keepCached, cuts }: MergeOptions): boolean {
  return keepCached ?? cuts !== undefined;
}

function knownCuts(plan: MergePlan, works: readonly Work[], { cuts }: MergeOptions): KnownCuts | null {
  if (cuts === undefined) return null;
  return new KnownCuts(typeof cuts === "string" ? new CutCache(cuts) : cuts, plan, works);
}

/** Cuts over the whole model: from the journal of an interrupted merge, or measured now. */
async function modelScope(
  plan: MergePlan,
  works: readonly Work[],
  left: readonly Work[],
  partial: PartialFolder,
  pool: Pool,
  meter: ProgressMeter,
  cuts: KnownCuts | null,
): Promise<ModelScope | null> {
  if (plan.scope !== "model") return null;
  if (partial.measured !== null) return scopeOf(works, partial.measured);
  if (left.length === 0) return null;
  const known = cuts?.measured(WHOLE_MODEL) ?? null;
  if (known === null) meter.phase("measure");
  const scope =
    known === null ? await measureModel(works, pool, cuts?.parts(WHOLE_MODEL)) : scopeOf(works, known);
  if (scope !== null) partial.journal.append({ kind: "scope", measured: scope.measured });
  return scope;
}
