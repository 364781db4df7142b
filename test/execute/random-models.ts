/** Random small models for property tests: everything follows from one seed, so that a failure can be repeated. */
import { FLOAT_DTYPES, type FloatDtype } from "../../src/dtypes.ts";
import { narrow, widen } from "./float-formats.ts";
import type { ReferenceSettings } from "./reference-merge.ts";

export interface RandomTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The base first, then the models. */
  readonly sources: readonly { readonly dtype: FloatDtype; readonly bytes: Uint8Array }[];
}

export interface RandomCase {
  readonly settings: ReferenceSettings;
  readonly tensors: readonly RandomTensor[];
  /** Null keeps the base's formats. */
  readonly outDtype: FloatDtype | null;
  readonly chunkElements: number;
  readonly threads: number;
}

/** In UTF-8 the second emoji-like name comes last, in UTF-16 it does not: byte order is what counts. */
const NAMES = ["model.norm", "lm_head", "b\u{fb00}", "b\u{1f600}", "a.10", "a.9"];
const SHAPES = [[], [0], [1], [15], [17], [3, 5], [33], [2, 129], [1000], [4097], [3, 2731]];

/** How values are drawn: few distinct magnitudes, many, or those where floats are odd. */
const KINDS = ["steps", "steps", "wide", "odd"] as const;
type Kind = (typeof KINDS)[number];

/** The same numbers for the same seed (mulberry32). */
export class RandomSource {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)] as T;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
}

const ODD = [
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  2 ** -133,
  -3 * 2 ** -133,
  2 ** -24,
  -5 * 2 ** -24,
  2 ** -126,
  1,
];

function valuesOf(kind: Kind, elementCount: number, base: Float32Array | null, random: RandomSource) {
  return Float32Array.from({ length: elementCount }, (_, p) => {
    const from = base === null ? 0 : (base[p] as number);
    if (kind === "odd") return base === null || random.next() < 0.7 ? random.pick(ODD) : from;
    if (kind === "wide") return from + (random.next() - 0.5) * 2 ** random.between(-12, 3);
    // Steps of a bf16 unit at 1: half-precision task vectors have few magnitudes.
    return base === null ? random.pick([1, -1, 0.5, 0]) : from + random.between(-3, 3) * 2 ** -7;
  });
}

function randomTensor(name: string, modelCount: number, random: RandomSource): RandomTensor {
  const shape = random.pick(SHAPES);
  const elementCount = shape.reduce((product, size) => product * size, 1);
  const kind = random.pick(KINDS);
  const mixed = random.next() < 0.3;
  const shared = random.pick(FLOAT_DTYPES);
  let base: Float32Array | null = null;
  const sources = Array.from({ length: modelCount + 1 }, () => {
    const dtype = mixed ? random.pick(FLOAT_DTYPES) : shared;
    const bytes = narrow(dtype, valuesOf(kind, elementCount, base, random));
    base ??= widen(dtype, bytes);
    return { dtype, bytes };
  });
  return { name, shape, sources };
}

const WEIGHTS = [1, 1, 1, 0.3, 0.7, 2, -0.5, 0];
const DENSITIES = [1, 0.2, 0.5, 0.04, 0.77, 0, 1e-9];

function randomSettings(random: RandomSource, fixed: Partial<ReferenceSettings>): ReferenceSettings {
  const modelCount = fixed.weights?.length ?? random.pick([1, 2, 2, 3, 4]);
  const method = random.pick(["linear", "task_arithmetic", "ties", "ties", "ties_sv", "ties_sv"] as const);
  const weights = Array.from({ length: modelCount }, () => random.pick(WEIGHTS));
  const isTies = method === "ties" || method === "ties_sv";
  const divides = isTies || Math.abs(weights.reduce((sum, weight) => sum + weight, 0)) > 1e-3;
  return {
    method,
    weights,
    densities: weights.map(() => random.pick(DENSITIES)),
    lambda: random.pick([1, 1, 0.8, 0, -1.5]),
    normalize: divides && random.next() < 0.7,
    rescale: random.next() < 0.3,
    scope: random.pick(["tensor", "model"]),
    zeroSign: random.pick(["plus", "majority", "priority"]),
    electionWeights: random.next() < 0.7,
    priority: random.between(0, modelCount - 1),
    slack: random.pick([0, 0.04, 0.3, 1]),
    slackOf: random.pick(["retained", "discarded"]),
    ...fixed,
  };
}

/** A case that follows from its seed; `fixed` settings are not left to chance. */
export function randomCase(seed: number, fixed: Partial<ReferenceSettings> = {}): RandomCase {
  const random = new RandomSource(seed);
  const settings = randomSettings(random, fixed);
  const shift = random.between(0, NAMES.length - 1);
  const names = [...NAMES.slice(shift), ...NAMES.slice(0, shift)].slice(0, random.between(1, NAMES.length));
  return {
    settings,
    tensors: names.map((name) => randomTensor(name, settings.weights.length, random)),
    outDtype: random.pick([null, null, ...FLOAT_DTYPES]),
    chunkElements: random.pick([4096, 1 << 20]),
    threads: random.pick([1, 2]),
  };
}
