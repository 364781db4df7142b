/** `trajectory`: what merging gives along a training (Figure 2 of the paper), with what it costs in conflicts. */
import { join } from "node:path";
import { findModel } from "../checkpoint/find-model.ts";
import { conflicts } from "../conflicts/conflicts.ts";
import { type EvaluateOptions, evaluate } from "../evaluate/evaluate.ts";
import type { EvaluationResults } from "../evaluate/results.ts";
import { selectTasks } from "../evaluate/selection.ts";
import { removeAbandoned, withTemporaryFolder } from "../evaluate/temporary-folder.ts";
import { merge } from "../execute/merge.ts";
import { throwIfInterrupted } from "../execute/with-pool.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import { VERSION } from "../version.ts";
import { type Candidate, type PlannedTrajectory, planTrajectory } from "./candidates.ts";
import { MERGED, type TrajectoryOptions } from "./options.ts";
import {
  TRAJECTORY_FORMAT,
  type TrajectoryCurve,
  type TrajectoryPoint,
  type TrajectoryResults,
} from "./results.ts";

/** See `api.ts`. */
export async function trajectory(
  recipe: string | RecipeInput,
  tasks: readonly string[],
  options: TrajectoryOptions,
): Promise<TrajectoryResults> {
  throwIfInterrupted(options.signal);
  const started = performance.now();
  const planned = planTrajectory(recipe, options);
  const others = (options.others ?? []).map(({ name, models }) => ({ name, models: models.map(findModel) }));
  removeAbandoned(options.temporary);
  const rows = (await selectTasks(tasks, options)).reduce((sum, { items }) => sum + items.length, 0);
  const series = await conflictSeries(recipe, planned, options);
  const alone =
    (options.alone ?? true) ? [{ name: `${planned.replaced} alone`, models: foldersOf(planned) }] : [];
  const unmerged = [...alone, ...others];
  const count = planned.candidates.length + unmerged.reduce((sum, { models }) => sum + models.length, 0);
  const run = new Run(tasks, options, { rows: count * rows, started });
  const curves: TrajectoryCurve[] = [];
  for (const [i, { name, models }] of unmerged.entries()) {
    const kind = i < alone.length ? "alone" : "other";
    const points: TrajectoryPoint[] = [];
    for (const [at, model] of models.entries()) {
      const candidate = models.length === planned.candidates.length ? planned.candidates[at] : undefined;
      const shown = kind === "alone" ? (candidate?.checkpoint as string) : `${name} ${at + 1}`;
      points.push(pointOf(await run.evaluate(model, shown), candidate, model, null));
    }
    curves.push({ name, kind, points });
  }
  const merged: TrajectoryPoint[] = [];
  for (const candidate of planned.candidates) merged.push(await run.merged(candidate));
  return {
    format: TRAJECTORY_FORMAT,
    tiesmith: VERSION,
    createdAt: new Date().toISOString(),
    method: planned.method,
    recipe: planned.recipe,
    replaced: planned.replaced,
    xTitle: planned.xTitle,
    tasks: run.last?.tasks ?? [],
    backend: run.last?.backend ?? {},
    curves: [{ name: MERGED, kind: "merged", points: merged }, ...curves],
    conflicts: series,
    seconds: (performance.now() - started) / 1000,
    mergeSeconds: merged.reduce((sum, { mergeSeconds }) => sum + (mergeSeconds ?? 0), 0),
    notes: planned.notes,
  };
}

function foldersOf({ candidates }: PlannedTrajectory): string[] {
  return candidates.map(({ folder }) => folder);
}

/** One reading of base and other models serves all checkpoints. */
async function conflictSeries(
  recipe: string | RecipeInput,
  planned: PlannedTrajectory,
  { series, conflicts: wanted = true, threads, signal }: TrajectoryOptions,
): Promise<TrajectoryResults["conflicts"]> {
  const { pair, method } = planned;
  if (!wanted || pair === null || !["ties", "ties_sv"].includes(method)) return null;
  const { replaces, of } = pair;
  const report = await conflicts(recipe, { series: { ...series, replaces }, of, threads, signal });
  return report.series === null ? null : { analysed: report.analysed, series: report.series };
}

function pointOf(
  { models, scores, averages }: EvaluationResults,
  candidate: Candidate | undefined,
  reference: string | null,
  mergeSeconds: number | null,
): TrajectoryPoint {
  const { checkpoint = null, x = null } = candidate ?? {};
  const modelHash = models[0]?.hash as string;
  return { checkpoint, x, reference, modelHash, scores, averages, mergeSeconds };
}

/** Evaluates one model after the other, as parts of one run. */
class Run {
  last: EvaluationResults | undefined;
  readonly #tasks: readonly string[];
  readonly #options: TrajectoryOptions;
  readonly #totalRows: number;
  readonly #started: number;
  #doneRows = 0;
  #cachedRows = 0;

  constructor(
    tasks: readonly string[],
    options: TrajectoryOptions,
    total: { readonly rows: number; readonly started: number },
  ) {
    this.#tasks = tasks;
    this.#options = options;
    this.#totalRows = total.rows;
    this.#started = total.started;
  }

  /** A candidate is there for as long as it is asked. */
  async merged(candidate: Candidate): Promise<TrajectoryPoint> {
    const { threads, signal, temporary } = this.#options;
    return withTemporaryFolder(candidate.writeBytes, temporary, async (folder) => {
      const out = join(folder, `${MERGED}-${candidate.checkpoint.replace(/[^\w.-]+/g, "-")}`);
      const { seconds } = await merge(candidate.recipe, { out, threads, signal, keepCached: true });
      const results = await this.evaluate(out, `${MERGED} ${candidate.checkpoint}`);
      return pointOf(results, candidate, null, seconds);
    });
  }

  async evaluate(model: string, shown: string): Promise<EvaluationResults> {
    const { data, split, languages, prompt, shots, limit, backend, cache, signal } = this.#options;
    const { onPredictions } = this.#options;
    const own: EvaluateOptions = {
      ...{ data, split, languages, prompt, shots, limit, backend, cache, signal },
      onProgress: (progress) => this.#tell(shown, progress),
      onPredictions: (rows) => onPredictions?.({ ...rows, model: shown }),
    };
    const results = await evaluate([model], this.#tasks, own);
    this.#doneRows += results.scores.reduce((sum, { rows }) => sum + rows, 0);
    this.#cachedRows += results.scores.reduce((sum, { cachedRows }) => sum + cachedRows, 0);
    this.last = results;
    return results;
  }

  #tell(model: string, progress: Parameters<NonNullable<EvaluateOptions["onProgress"]>>[0]): void {
    this.#options.onProgress?.({
      ...progress,
      model,
      doneRows: this.#doneRows + progress.doneRows,
      cachedRows: this.#cachedRows + progress.cachedRows,
      totalRows: this.#totalRows,
      seconds: (performance.now() - this.#started) / 1000,
    });
  }
}
