/**
 * A plain reference for linear, task arithmetic, TIES and TIES-SV, written from the semantics and not from the
 * engine: whole arrays, sorting, one step after the other. Votes are f32, each operation rounded once. What comes
 * after the election is f32 too where the output is in half precision; f64, rounded at the end, where it is F32.
 */
import type { FloatDtype } from "../../src/dtypes.ts";
import { type CutFacts, exactCut } from "./reference-cut.ts";

export interface ReferenceSettings {
  readonly method: "linear" | "task_arithmetic" | "ties" | "ties_sv";
  readonly weights: readonly number[];
  readonly densities: readonly number[];
  readonly lambda: number;
  readonly normalize: boolean;
  readonly rescale: boolean;
  readonly scope: "tensor" | "model";
  readonly zeroSign: "plus" | "majority" | "priority";
  readonly electionWeights: boolean;
  /** Index of the priority model. */
  readonly priority: number;
  readonly slack: number;
  readonly slackOf: "retained" | "discarded";
}

export interface ReferenceTensor {
  readonly name: string;
  readonly output: FloatDtype;
  readonly base: Float32Array;
  readonly models: readonly Float32Array[];
}

export interface ReferenceCounts {
  readonly zero: number;
  readonly retained: number;
  readonly inConflict: number;
  readonly discarded: number;
}

export interface ReferenceOutput {
  readonly name: string;
  /** Before the rounding to the output's format; exact already where that is F32. */
  readonly values: Float32Array;
  /** One a model; empty for `linear`. */
  readonly models: readonly ReferenceCounts[];
  readonly conflicts: number;
  readonly givenBack: number;
  readonly trims: readonly ("everything" | "nothing" | CutFacts)[];
}

type Rounding = (value: number) => number;
const exactly: Rounding = (value) => value;
const roundingOf = (output: FloatDtype): Rounding => (output === "F32" ? exactly : Math.fround);
const f32 = Math.fround;

export function referenceMerge(
  tensors: readonly ReferenceTensor[],
  settings: ReferenceSettings,
): ReferenceOutput[] {
  if (settings.method === "linear") return tensors.map((tensor) => averaged(tensor, settings));
  if (settings.method === "task_arithmetic") return tensors.map((tensor) => addedTasks(tensor, settings));
  if (settings.scope === "tensor") return tensors.flatMap((tensor) => mergedScope([tensor], settings));
  const inByteOrder = [...tensors].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return mergedScope(inByteOrder, settings);
}

const UNCOUNTED = { conflicts: 0, givenBack: 0, trims: [] };

function averaged({ name, output, models }: ReferenceTensor, settings: ReferenceSettings): ReferenceOutput {
  const round = roundingOf(output);
  const weights = settings.weights.map(round);
  const divisor = weights.reduce((sum, weight) => round(sum + weight));
  const values = Float32Array.from(models[0] as Float32Array, (_, p) => {
    const sum = models
      .map((model, i) => round((model[p] as number) * (weights[i] as number)))
      .reduce((total, term) => round(total + term));
    return settings.normalize ? round(sum / divisor) : sum;
  });
  return { name, values, models: [], ...UNCOUNTED };
}

function addedTasks(tensor: ReferenceTensor, settings: ReferenceSettings): ReferenceOutput {
  const { name, output, base } = tensor;
  const round = roundingOf(output);
  const taus = tensor.models.map((model) => taskVector(model, base));
  const weights = settings.weights.map(round);
  const divisor = weights.reduce((sum, weight) => round(sum + weight));
  const values = base.map((origin, p) => {
    let sum = 0;
    for (const [i, tau] of taus.entries())
      sum = round(sum + round((tau[p] as number) * (weights[i] as number)));
    if (settings.normalize) sum = round(sum / divisor);
    return round(round(sum * round(settings.lambda)) + origin);
  });
  const models = taus.map((tau) => {
    const zero = tau.filter((value) => value === 0).length;
    return { zero, retained: tau.length - zero, inConflict: 0, discarded: 0 };
  });
  return { name, values, models, ...UNCOUNTED };
}

function taskVector(model: Float32Array, base: Float32Array): Float32Array {
  return model.map((value, p) => f32(value - (base[p] as number)));
}

/** TIES over tensors that are one scope, in their order. */
function mergedScope(tensors: readonly ReferenceTensor[], settings: ReferenceSettings): ReferenceOutput[] {
  const modelCount = settings.weights.length;
  const vectors = Array.from({ length: modelCount }, (_, i) =>
    tensors.map((tensor) => taskVector(tensor.models[i] as Float32Array, tensor.base)),
  );
  const trimmed = vectors.map((parts, i) => trim(parts, settings.densities[i] as number));
  const factors = vectors.map((parts, i) =>
    settings.rescale ? rescaleFactor(parts, trimmed[i]?.parts as Float32Array[]) : 1,
  );
  const election = new Election(
    trimmed.map(({ parts }) => concatenated(parts)),
    factors,
    settings,
  );
  let first = 0;
  return tensors.map((tensor, t) => {
    const positions = Array.from(tensor.base, (_, p) => first + p);
    first += tensor.base.length;
    return {
      name: tensor.name,
      values: Float32Array.from(positions, (position, p) =>
        disjointMerge(position, tensor.base[p] as number, tensor.output, election, factors, settings),
      ),
      models: vectors.map((parts, i) => election.counts(i, positions, parts[t] as Float32Array)),
      conflicts: positions.filter((p) => election.isConflict(p)).length,
      givenBack: positions.filter((p) => election.given[p]).length,
      trims: trimmed.map(({ facts }) => facts),
    };
  });
}

function concatenated(parts: readonly Float32Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

/** Keeps the largest magnitudes of a scope: a floor of the product, at least one above density 0. */
function trim(parts: readonly Float32Array[], density: number) {
  const keys = concatenated(parts).map(Math.abs);
  const wanted = density === 0 ? 0 : Math.max(1, Math.floor(density * keys.length));
  if (wanted >= keys.length) return { parts, facts: "everything" as const };
  const nothing = { facts: "nothing" as const, selected: keys.map(() => false) };
  const { selected, facts } = wanted === 0 ? nothing : exactCut(keys, wanted);
  let first = 0;
  const kept = parts.map((part) => {
    const start = first;
    first += part.length;
    return part.map((value, p) => (selected[start + p] ? value : 0));
  });
  return { parts: kept, facts };
}

function rescaleFactor(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  const [whole, kept] = [l1Norm(before), l1Norm(after)];
  return whole < 1e-7 || kept < 1e-7 ? 1 : whole / kept;
}

/** Per block of 4,096 elements from the tensor's start 16 interleaved sums, added pairwise; blocks in order. */
function l1Norm(parts: readonly Float32Array[]): number {
  let norm = 0;
  for (const part of parts) {
    for (let first = 0; first < part.length; first += 4096) {
      let sums = new Array<number>(16).fill(0);
      for (const [p, value] of part.subarray(first, first + 4096).entries())
        sums[p % 16] = (sums[p % 16] as number) + Math.abs(value);
      while (sums.length > 1)
        sums = sums.flatMap((sum, i) => (i % 2 === 0 ? [sum + (sums[i + 1] as number)] : []));
      norm += sums[0] as number;
    }
  }
  return norm;
}

/** Signs, losses and slack over a scope; positions count over all its elements. */
class Election {
  readonly #trimmed: readonly (readonly number[])[];
  readonly #votes: readonly (readonly number[])[];
  /** Before any slack. */
  readonly #signs: readonly number[];
  /** Where slack turns the election to the priority model. */
  readonly given: readonly boolean[];

  constructor(
    trimmed: readonly (readonly number[])[],
    factors: readonly number[],
    settings: ReferenceSettings,
  ) {
    this.#trimmed = trimmed;
    this.#votes = trimmed.map((tau, i) => {
      const weight = settings.electionWeights ? f32(settings.weights[i] as number) : 1;
      return tau.map((value) => f32(f32(value * f32(factors[i] as number)) * weight));
    });
    const sums = (trimmed[0] ?? []).map((_, p) =>
      this.#votes.reduce((sum, votes) => f32(sum + (votes[p] as number)), 0),
    );
    const majority = Math.sign(sums.reduce((balance, sum) => balance + Math.sign(sum), 0));
    const priorityVotes = this.#votes[settings.priority];
    this.#signs = sums.map((sum, p) => {
      if (sum !== 0 || settings.zeroSign === "plus") return sum < 0 ? -1 : 1;
      return settings.zeroSign === "majority" ? majority : Math.sign(priorityVotes?.[p] as number);
    });
    this.given = settings.method === "ties_sv" ? this.#giveBack(sums, settings) : sums.map(() => false);
  }

  #lost(model: number, p: number): boolean {
    const sign = this.#signs[p];
    const agrees = sign !== 0 && Math.sign(this.#votes[model]?.[p] as number) === sign;
    return this.#trimmed[model]?.[p] !== 0 && !agrees;
  }

  #giveBack(sums: readonly number[], { priority, slack, slackOf }: ReferenceSettings): boolean[] {
    const losses = sums.flatMap((_, p) => (this.#lost(priority, p) ? [p] : []));
    const retained = this.#trimmed[priority]?.filter((value) => value !== 0).length ?? 0;
    const shareOf = slackOf === "retained" ? retained : losses.length;
    const wanted = Math.min(losses.length, Math.floor(slack * shareOf));
    const given = sums.map(() => false);
    if (wanted === 0) return given;
    const { selected } = exactCut(
      losses.map((p) => -Math.abs(sums[p] as number)),
      wanted,
    );
    for (const [i, p] of losses.entries()) given[p] = selected[i] as boolean;
    return given;
  }

  /** Whether a model's vote counts in the end. */
  agrees(model: number, p: number, priority: number): boolean {
    const sign = this.given[p] ? Math.sign(this.#votes[priority]?.[p] as number) : this.#signs[p];
    return sign !== 0 && Math.sign(this.#votes[model]?.[p] as number) === sign;
  }

  trimmed(model: number, p: number): number {
    return this.#trimmed[model]?.[p] as number;
  }

  isConflict(p: number): boolean {
    const values = this.#trimmed.map((tau) => tau[p] as number);
    return values.some((value) => value > 0) && values.some((value) => value < 0);
  }

  counts(model: number, positions: readonly number[], vector: Float32Array): ReferenceCounts {
    const retained = positions.filter((p) => this.trimmed(model, p) !== 0);
    return {
      zero: vector.filter((value) => value === 0).length,
      retained: retained.length,
      inConflict: retained.filter((p) => this.isConflict(p)).length,
      discarded: retained.filter((p) => this.#lost(model, p)).length,
    };
  }
}

function disjointMerge(
  position: number,
  base: number,
  output: FloatDtype,
  election: Election,
  factors: readonly number[],
  { weights, lambda, normalize, priority }: ReferenceSettings,
): number {
  const round = roundingOf(output);
  let [sum, divisor] = [0, 0];
  for (const [i, weight] of weights.entries()) {
    if (!election.agrees(i, position, priority)) continue;
    const rescaled = round(election.trimmed(i, position) * round(factors[i] as number));
    sum = round(sum + round(rescaled * round(weight)));
    divisor = round(divisor + round(weight));
  }
  const mean = normalize ? round(sum / (divisor === 0 ? 1 : divisor)) : sum;
  return round(round(mean * round(lambda)) + base);
}
