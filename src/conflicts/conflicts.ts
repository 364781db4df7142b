/** `conflicts`: what a TIES merge discards, without merging. */

import { DTYPE_BYTES } from "../dtypes.ts";
import type { Pool } from "../execute/pool.ts";
import { ReadMeter } from "../execute/sweep-pieces.ts";
import type { TensorWork } from "../execute/tensor-work.ts";
import { throwIfInterrupted, withPool } from "../execute/with-pool.ts";
import type { TiesArithmetic } from "../methods/method.ts";
import { addon } from "../native/addon.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import { VERSION } from "../version.ts";
import { AnalysisCollector } from "./collector.ts";
import { type GridSweep, gridByClasses, gridOneByOne, isJoint } from "./density-grid.ts";
import type { FigureSums } from "./figure-sums.ts";
import { groupsOf, placeOf } from "./groups.ts";
import { type ConflictsOptions, checkConflictsOptions } from "./options.ts";
import { type PlannedAnalysis, planAnalysis } from "./planned-recipe.ts";
import { type ConflictsReport, type DensityGrid, REPORT_FORMAT, type TensorFigures } from "./report-data.ts";
import { SeriesSweep } from "./series.ts";
import { SlackCurves } from "./slack-curve.ts";
import { type Question, sweepVariants, type Variant } from "./sweep-variants.ts";

/**
 * Analyses the sign conflicts of a TIES merge: what each task vector retains, where they oppose each other, who
 * wins and what is discarded, for the whole model, by kind of module, by layer and by tensor.
 *
 * Reads as {@link merge} does and writes nothing: every input byte once, or, where a tensor must be measured first, once
 * more for each measuring pass, however many checkpoints or densities are looked at. Counts are exact, and no figure depends on
 * threads or instruction set. Memory beyond the mapped inputs is that of a merge.
 *
 * @param recipe path of a mergekit YAML of `ties` or `ties_sv`, or the same as an object
 * @throws {TiesmithError} `USAGE`, any code of reading recipes and checkpoints, `NOT_FINITE`, `INTERRUPTED`
 * @example
 * const { models } = await conflicts("ties.yaml");
 * for (const { model, discardedShare } of models) console.log(model, discardedShare);
 */
export async function conflicts(
  recipe: string | RecipeInput,
  options: ConflictsOptions = {},
): Promise<ConflictsReport> {
  checkConflictsOptions(options);
  throwIfInterrupted(options.signal);
  const started = performance.now();
  const planned = planAnalysis(recipe, options);
  const { threads, signal, onProgress } = options;
  return await withPool({ threads, signal }, async (pool) => {
    const analysis = new Analysis(planned, options);
    await analysis.run(pool, onProgress);
    const seconds = (performance.now() - started) / 1000;
    return analysis.report({ seconds, threads: pool.threads, kernel: addon().kernel });
  });
}

/** One run: the variants that are swept together, and what becomes of their answers. */
class Analysis {
  readonly #planned: PlannedAnalysis;
  readonly #options: ConflictsOptions;
  readonly #main: AnalysisCollector;
  readonly #curves: SlackCurves | null;
  readonly #series: SeriesSweep | null;
  #densityGrid: DensityGrid | null = null;

  constructor(planned: PlannedAnalysis, options: ConflictsOptions) {
    const { tensors, labels, series, analysed, plan } = planned;
    this.#planned = planned;
    this.#options = options;
    this.#main = new AnalysisCollector(tensors, labels, plan.priority);
    this.#curves = options.slackCurve ? new SlackCurves(tensors.length, slackOf(tensors[0])) : null;
    const indices = { replaced: series?.replaced ?? 0, analysed, priority: plan.priority };
    this.#series = series === null ? null : new SeriesSweep(series.checkpoints, indices);
  }

  async run(pool: Pool, onProgress: ConflictsOptions["onProgress"]): Promise<void> {
    const grid = this.#gridSweep();
    const variants = [...this.#mainVariants(), ...(this.#series?.variants ?? []), ...(grid?.variants ?? [])];
    await this.#sweep(variants, pool, onProgress);
    this.#densityGrid = grid?.grid() ?? null;
    if (grid === null || this.#densityGrid !== null) return;
    // A weighted vote underflowed somewhere: too rare to make every grid pay for it.
    const again = this.#gridOneByOne();
    await this.#sweep(again.variants, pool, onProgress);
    this.#densityGrid = again.grid();
  }

  report(run: ConflictsReport["run"]): ConflictsReport {
    const { plan, tensors, labels, analysed, series } = this.#planned;
    const total = this.#main.total();
    const places = tensors.map(({ name }) => placeOf(name));
    return {
      format: REPORT_FORMAT,
      tiesmith: VERSION,
      method: plan.method,
      scope: plan.scope,
      recipe: plan.recipe,
      base: plan.base?.reference as string,
      analysed: labels[analysed] as string,
      tensorCount: tensors.length,
      ...total.figures(),
      slack: slackSetting(tensors),
      histograms: total.histograms(),
      ...groupsOf(places, this.#main),
      tensors: tensors.map((tensor, i) => this.#tensorFigures(tensor, i)),
      series:
        this.#series?.figures(
          labels[series?.replaced ?? 0] as string,
          this.#options.series ?? { checkpoints: [] },
        ) ?? null,
      slackCurve: this.#curves?.curve() ?? null,
      densityGrid: this.#densityGrid,
      notes: plan.notes,
      run,
    };
  }

  #tensorFigures({ name }: TensorWork, index: number): TensorFigures {
    const sums = this.#main.sums[index] as FigureSums;
    const figures = { name, ...placeOf(name), ...sums.figures() };
    if (this.#curves === null || this.#planned.plan.scope === "model") return figures;
    return { ...figures, slackCurve: this.#curves.tensorPoints(index) };
  }

  /** The recipe itself; the losses of another than its priority model are those of an election of its own. */
  #mainVariants(): Variant[] {
    const { tensors, analysed, plan } = this.#planned;
    const analysis = this.#main.question;
    if (this.#curves === null) return [{ tensors, analysis, questions: [] }];
    const losses = this.#curves.question as Question;
    if (plan.priority === analysed) return [{ tensors, analysis, questions: [losses] }];
    const ofAnalysed = tensors.map((tensor): TensorWork => {
      const arithmetic = { ...(tensor.arithmetic as TiesArithmetic), priority: analysed, slack: null };
      return { ...tensor, arithmetic };
    });
    return [
      { tensors, analysis, questions: [] },
      { tensors: ofAnalysed, analysis: null, questions: [losses] },
    ];
  }

  #gridSweep(): GridSweep | null {
    const { densities } = this.#options;
    const { tensors, labels, varied } = this.#planned;
    if (densities === undefined) return null;
    return isJoint(tensors, varied) ? gridByClasses(tensors, labels, densities) : this.#gridOneByOne();
  }

  #gridOneByOne(): GridSweep {
    const { tensors, labels, varied } = this.#planned;
    return gridOneByOne(tensors, labels, this.#options.densities ?? [], varied);
  }

  async #sweep(
    variants: readonly Variant[],
    pool: Pool,
    onProgress: ConflictsOptions["onProgress"],
  ): Promise<void> {
    const { tensors } = this.#planned;
    const bytes = tensors.map((_, i) =>
      bytesRead(variants.map((variant) => variant.tensors[i] as TensorWork)),
    );
    const total = bytes.reduce((sum, own) => sum + own, 0);
    const meter = new ReadMeter({ bytes: total, tensors: tensors.length }, onProgress);
    await sweepVariants(variants, this.#planned.plan.scope, pool, (tensor) =>
      meter.advance(bytes[tensor] as number, 1),
    );
  }
}

/** Bytes of a tensor in all the files that some variant reads. */
function bytesRead(works: readonly TensorWork[]): number {
  const sources = new Map<string, number>();
  for (const { base, models, elementCount } of works)
    for (const source of base === null ? models : [base, ...models])
      sources.set(`${source.path}\n${source.byteOffset}`, elementCount * DTYPE_BYTES[source.dtype]);
  return [...sources.values()].reduce((sum, own) => sum + own, 0);
}

function slackOf(tensor: TensorWork | undefined): "retained" | "discarded" {
  return (tensor?.arithmetic.kind === "ties" && tensor.arithmetic.slack?.of) || "retained";
}

function slackSetting(tensors: readonly TensorWork[]): ConflictsReport["slack"] {
  const all = tensors.flatMap(({ arithmetic }) =>
    arithmetic.kind === "ties" ? (arithmetic.slack ?? []) : [],
  );
  const [first] = all;
  if (first === undefined) return null;
  return { of: first.of, share: all.every(({ share }) => share === first.share) ? first.share : null };
}
