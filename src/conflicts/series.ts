/** Checkpoints of one model's training, each in that model's place: what the paper's Figures 3 and 4 show. */
import { basename } from "node:path";
import type { TensorWork } from "../execute/tensor-work.ts";
import { AnalysisCollector } from "./collector.ts";
import type { SeriesOptions } from "./options.ts";
import type { SeriesFigures, SeriesPoint } from "./report-data.ts";
import type { Variant } from "./sweep-variants.ts";

/** One checkpoint in the place of a model. */
export interface PlannedCheckpoint {
  readonly reference: string;
  readonly tensors: readonly TensorWork[];
  /** Short names of the models, the checkpoint's among them. */
  readonly labels: readonly string[];
}

export class SeriesSweep {
  readonly variants: readonly Variant[];
  readonly #collectors: readonly AnalysisCollector[];
  readonly #checkpoints: readonly PlannedCheckpoint[];
  readonly #replaced: number;
  readonly #analysed: number;

  /** `replaced`, `analysed`, `priority`: indices of models. */
  constructor(
    checkpoints: readonly PlannedCheckpoint[],
    { replaced, analysed, priority }: { replaced: number; analysed: number; priority: number | null },
  ) {
    this.#checkpoints = checkpoints;
    this.#replaced = replaced;
    this.#analysed = analysed;
    this.#collectors = checkpoints.map(
      ({ tensors, labels }) => new AnalysisCollector(tensors, labels, priority),
    );
    this.variants = checkpoints.map(({ tensors }, c) => ({
      tensors,
      analysis: (this.#collectors[c] as AnalysisCollector).question,
      questions: [],
    }));
  }

  figures(replaced: string, options: SeriesOptions): SeriesFigures {
    const references = this.#checkpoints.map(({ reference }) => reference);
    const axis = axisOf(references, options);
    const points = this.#checkpoints.map(
      ({ reference, labels }, c): SeriesPoint => ({
        checkpoint: labels[this.#replaced] as string,
        reference,
        x: axis.x[c] as number,
        figures: (this.#collectors[c] as AnalysisCollector).total().figures(),
      }),
    );
    const shareAt = (
      point: SeriesPoint | undefined,
      key: "discardedShare" | "discardedShareWithoutZeroVotes",
    ) => point?.figures.models[this.#analysed]?.[key] ?? null;
    const rise = (key: "discardedShare" | "discardedShareWithoutZeroVotes") => {
      const [first, last] = [shareAt(points[0], key), shareAt(points.at(-1), key)];
      return first === null || last === null ? null : last - first;
    };
    return {
      replaced,
      xTitle: axis.title,
      points,
      rise: rise("discardedShare"),
      riseWithoutZeroVotes: rise("discardedShareWithoutZeroVotes"),
    };
  }
}

/** As given; or the last number in each name, if all have one and they ascend; or 1, 2, 3, ... */
export function axisOf(
  references: readonly string[],
  { x, xTitle }: Pick<SeriesOptions, "x" | "xTitle">,
): { x: readonly number[]; title: string } {
  if (x !== undefined) return { x, title: xTitle ?? "training" };
  const numbers = references.map(numberInName);
  const ascend = numbers.every((n, i) => n !== null && (i === 0 || n > (numbers[i - 1] as number)));
  if (ascend) return { x: numbers as number[], title: xTitle ?? "number in name" };
  return { x: references.map((_, i) => i + 1), title: xTitle ?? "checkpoint" };
}

const UNITS: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 };

/** `ct-1.6B` is 1.6e9, `checkpoint-2000` 2000; null where there is no number. */
export function numberInName(reference: string): number | null {
  const name = basename(reference.split("@")[0] as string);
  const found = [...name.matchAll(/(\d+(?:\.\d+)?)([kmbt](?![a-z]))?/gi)].at(-1);
  return found === undefined ? null : Number(found[1]) * (UNITS[found[2]?.toLowerCase() ?? ""] ?? 1);
}
