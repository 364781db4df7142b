/** Adds up what analysed chunks came to. Sums are added block by block in index order, whatever order chunks come in. */
import type { NativeAnalysis, NativeModelAnalysis, NativePair } from "../native/addon.ts";
import type { Agreement, Figures, Histogram, ModelFigures, PairFigures } from "./figures.ts";

/** Sums per block of a model and of a pair, as the addon lays them out. */
const MODEL_SUMS = 5;
const PAIR_SUMS = 2;
/** Beyond this many models the addon looks at no pairs. */
const MOST_PAIRED_MODELS = 16;
const OCTAVES = 256;
/** Bin e holds 2^(e - 127) <= |tau| < 2^(e - 126). */
const EXPONENT_BIAS = 127;

const MODEL_COUNTS = [
  "zero",
  "retained",
  "inConflict",
  "conflictsLost",
  "zeroVotes",
  "discarded",
  "discardedZeroVotes",
] as const;
const PAIR_COUNTS = ["same", "opposite", "sameTrimmed", "oppositeTrimmed"] as const;
const LARGEST = ["largest", "largestTrimmed"] as const;

export class FigureSums {
  parameters = 0;
  readonly #labels: readonly string[];
  readonly #priority: number | null;
  readonly #models: NativeModelAnalysis[];
  readonly #pairs: NativePair[];
  #sums: number[] = [];
  readonly #octaves: Float64Array;
  #conflicts = 0;
  #zeroVotes = 0;
  #givenBack = 0;
  #largestGiven = 0;

  constructor(labels: readonly string[], priority: number | null) {
    this.#labels = labels;
    this.#priority = priority;
    this.#models = labels.map(() => ({
      ...{ zero: 0, retained: 0, inConflict: 0, conflictsLost: 0, zeroVotes: 0, discarded: 0 },
      ...{ discardedZeroVotes: 0, largest: 0, largestTrimmed: 0 },
    }));
    const pairCount = labels.length > MOST_PAIRED_MODELS ? 0 : (labels.length * (labels.length - 1)) / 2;
    this.#pairs = Array.from({ length: pairCount }, () => ({
      same: 0,
      opposite: 0,
      sameTrimmed: 0,
      oppositeTrimmed: 0,
    }));
    this.#octaves = new Float64Array(OCTAVES * labels.length);
  }

  /** Adds a chunk; to be called in the order of a tensor's chunks. */
  addChunk(elementCount: number, analysis: NativeAnalysis): void {
    this.#add(elementCount, analysis);
    const { sums } = analysis;
    const width = MODEL_SUMS * this.#labels.length + PAIR_SUMS * analysis.pairs.length + 1;
    this.#makeSums(width);
    for (let i = 0; i < sums.length; i++)
      this.#sums[i % width] = (this.#sums[i % width] as number) + (sums[i] as number);
  }

  /** Adds the figures of a part. */
  addPart(part: FigureSums): void {
    const [models, pairs, sums, octaves] = [part.#models, part.#pairs, part.#sums, part.#octaves];
    const totals = { conflicts: part.#conflicts, zeroVotes: part.#zeroVotes, givenBack: part.#givenBack };
    this.#add(part.parameters, { models, pairs, octaves, ...totals, largestGiven: part.#largestGiven });
    this.#makeSums(sums.length);
    for (const [i, sum] of sums.entries()) this.#sums[i] = (this.#sums[i] as number) + sum;
  }

  figures(): Figures {
    const hasGiven = this.#givenBack > 0;
    return {
      parameters: this.parameters,
      conflicts: this.#conflicts,
      zeroVotes: this.#zeroVotes,
      givenBack: this.#givenBack,
      largestForgiven: hasGiven ? this.#largestGiven : null,
      models: this.#labels.map((_, m) => this.#modelFigures(m)),
      pairs: this.#pairFigures(),
    };
  }

  histograms(): Histogram[] {
    return this.#labels.map((model, m) => {
      const octaves = [...this.#octaves.subarray(m * OCTAVES, (m + 1) * OCTAVES)];
      const counts = octaves.with(0, 0);
      const first = counts.findIndex((count) => count > 0);
      const last = counts.findLastIndex((count) => count > 0);
      const filled = first < 0 ? [] : counts.slice(first, last + 1);
      const bins = filled.map((count, i) => ({ exponent: first + i - EXPONENT_BIAS, count }));
      return {
        model,
        counted: octaves.reduce((sum, count) => sum + count, 0),
        zero: octaves[0] as number,
        bins,
      };
    });
  }

  #makeSums(width: number): void {
    while (this.#sums.length < width) this.#sums.push(0);
  }

  #add(
    elementCount: number,
    from: Omit<NativeAnalysis, "sums" | "octaves"> & { octaves: ArrayLike<number> },
  ) {
    this.parameters += elementCount;
    this.#conflicts += from.conflicts;
    this.#zeroVotes += from.zeroVotes;
    this.#givenBack += from.givenBack;
    this.#largestGiven = Math.max(this.#largestGiven, from.largestGiven);
    for (const [m, model] of from.models.entries()) {
      const own = this.#models[m] as NativeModelAnalysis;
      for (const key of MODEL_COUNTS) own[key] += model[key];
      for (const key of LARGEST) own[key] = Math.max(own[key], model[key]);
    }
    for (const [p, pair] of from.pairs.entries()) {
      const own = this.#pairs[p] as NativePair;
      for (const key of PAIR_COUNTS) own[key] += pair[key];
    }
    for (let i = 0; i < this.#octaves.length; i++)
      this.#octaves[i] = (this.#octaves[i] as number) + (from.octaves[i] as number);
  }

  /** Sums of a model: |tau|, tau^2, both after trim, |tau| of the discarded. */
  #sumsOf(model: number): [number, number, number, number, number] {
    const sums = this.#sums.slice(MODEL_SUMS * model, MODEL_SUMS * (model + 1));
    return (sums.length === 0 ? [0, 0, 0, 0, 0] : sums) as [number, number, number, number, number];
  }

  #modelFigures(m: number): ModelFigures {
    const {
      zero,
      retained,
      inConflict,
      conflictsLost,
      zeroVotes,
      discarded,
      discardedZeroVotes,
      ...largest
    } = this.#models[m] as NativeModelAnalysis;
    const [l1, squares, l1Trimmed, squaresTrimmed, l1Discarded] = this.#sumsOf(m);
    const discardedWithoutZeroVotes = discarded - discardedZeroVotes;
    const isPriority = m === this.#priority;
    return {
      model: this.#labels[m] as string,
      parameters: this.parameters,
      zero,
      retained,
      inConflict,
      conflictsWon: inConflict - conflictsLost,
      conflictsLost,
      zeroVotes,
      discarded,
      discardedWithoutZeroVotes,
      kept: retained - discarded,
      givenBack: isPriority ? this.#givenBack : 0,
      density: share(retained, this.parameters),
      zeroShare: share(zero, this.parameters),
      conflictShare: share(inConflict, retained),
      discardedShare: share(discarded, retained),
      discardedShareWithoutZeroVotes: share(discardedWithoutZeroVotes, retained),
      l1,
      l2: Math.sqrt(squares),
      largest: largest.largest,
      l1Trimmed,
      l2Trimmed: Math.sqrt(squaresTrimmed),
      largestTrimmed: largest.largestTrimmed,
      l1Discarded,
      l1GivenBack: isPriority ? (this.#sums.at(-1) ?? 0) : 0,
      discardedMass: share(l1Discarded, l1Trimmed),
    };
  }

  #pairFigures(): PairFigures[] {
    const names = this.#labels.flatMap((a, i) =>
      this.#labels.slice(i + 1).map((b, j) => [i, i + 1 + j, a, b] as const),
    );
    return this.#pairs.map(({ same, opposite, sameTrimmed, oppositeTrimmed }, p) => {
      const [i, j, a, b] = names[p] as readonly [number, number, string, string];
      const first = MODEL_SUMS * this.#labels.length + PAIR_SUMS * p;
      const [x, y] = [this.#sumsOf(i), this.#sumsOf(j)];
      const [products = 0, trimmedProducts = 0] = this.#sums.slice(first, first + PAIR_SUMS);
      return {
        models: [a, b],
        before: agreement(same, opposite, products, x[1], y[1]),
        after: agreement(sameTrimmed, oppositeTrimmed, trimmedProducts, x[3], y[3]),
      };
    });
  }
}

function agreement(same: number, opposite: number, products: number, a: number, b: number): Agreement {
  const norms = Math.sqrt(a) * Math.sqrt(b);
  return {
    same,
    opposite,
    signAgreement: share(same, same + opposite),
    // Rounding may carry parallel vectors past 1.
    cosine: norms === 0 ? null : Math.min(1, Math.max(-1, products / norms)),
  };
}

/** A share of nothing is null. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
