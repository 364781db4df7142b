/** How two tensors of the same name differ, summed up from their chunks. */
import type { CheckpointTensor } from "../checkpoint/checkpoint.ts";
import type { Dtype } from "../dtypes.ts";
import type { NativeDifference } from "../native/addon.ts";

/**
 * `identical`: the same dtype, shape and bytes; `equal`: the same numbers in another dtype, or with zeros of
 * another sign; `differs`; `shape`: shapes differ; `onlyA`, `onlyB`: the other model lacks it; `incomparable`:
 * other bytes in a format that is not F32, F16 or BF16.
 */
export type DifferenceStatus =
  | "identical"
  | "equal"
  | "differs"
  | "shape"
  | "onlyA"
  | "onlyB"
  | "incomparable";

/** Measures are null where the elements were not compared as numbers and the bytes are not the same. */
export interface TensorDifference {
  readonly name: string;
  readonly status: DifferenceStatus;
  readonly dtypeA: Dtype | null;
  readonly dtypeB: Dtype | null;
  readonly shapeA: readonly number[] | null;
  readonly shapeB: readonly number[] | null;
  /** Of A's tensor, or of B's where A has none. */
  readonly elementCount: number;
  /** Elements that are not equal as numbers; NaN equals nothing, except in identical tensors. */
  readonly differing: number | null;
  /** Largest |a - b| in f32, over the elements that are finite in both. */
  readonly maxAbsolute: number | null;
  /** ‖a - b‖₂ / ‖a‖₂ over the elements that are finite in both; null too if ‖a‖ is 0 and they differ. */
  readonly relativeL2: number | null;
  /** Share of elements of the same sign; the sign of both zeros is 0, NaN and Inf have none. 1 without elements. */
  readonly signAgreement: number | null;
  /** Elements that are NaN or Inf in either. */
  readonly notFinite: number | null;
}

/** What the chunks of a pair of tensors came to. */
export interface Measures {
  differing: number;
  sameSign: number;
  notFinite: number;
  maxAbsolute: number;
  differenceSquares: number;
  aSquares: number;
}

/** A tensor that both models have, in the same shape. */
export class ComparedPair {
  readonly a: CheckpointTensor;
  readonly b: CheckpointTensor;
  readonly #isNumeric: boolean;
  readonly #measures: Measures = {
    differing: 0,
    sameSign: 0,
    notFinite: 0,
    maxAbsolute: 0,
    differenceSquares: 0,
    aSquares: 0,
  };
  readonly #waiting = new Map<number, Float64Array>();
  #sameBytes: boolean;
  #nextChunk = 0;

  constructor(a: CheckpointTensor, b: CheckpointTensor, isNumeric: boolean) {
    this.a = a;
    this.b = b;
    this.#isNumeric = isNumeric;
    this.#sameBytes = a.dtype === b.dtype;
  }

  /** Notes that a chunk's bytes differ. */
  sawOtherBytes(): void {
    this.#sameBytes = false;
  }

  /** Adds a chunk's comparison. Chunks may come in any order; squares are added block by block in index order. */
  add(chunk: number, difference: NativeDifference): void {
    const sums = this.#measures;
    sums.differing += difference.differing;
    sums.sameSign += difference.sameSign;
    sums.notFinite += difference.notFinite;
    sums.maxAbsolute = Math.max(sums.maxAbsolute, difference.maxAbsolute);
    this.#waiting.set(chunk, difference.squares);
    for (let next = this.#waiting.get(this.#nextChunk); next; next = this.#waiting.get(this.#nextChunk)) {
      for (let i = 0; i < next.length; i += 2) {
        sums.differenceSquares += next[i] as number;
        sums.aSquares += next[i + 1] as number;
      }
      this.#waiting.delete(this.#nextChunk);
      this.#nextChunk += 1;
    }
  }

  /** Null where the bytes differ and are not compared as numbers. */
  measures(): Measures | null {
    if (!this.#sameBytes) return this.#isNumeric ? this.#measures : null;
    // NaN is not equal to itself, yet nobody would say that a tensor differs from its copy.
    return { ...this.#measures, differing: 0, sameSign: this.a.elementCount };
  }

  difference(): TensorDifference {
    const { a, b } = this;
    const measures = this.measures();
    const { elementCount } = a;
    const sides = { ...sideA(a), ...sideB(b), elementCount };
    if (measures === null) return { name: a.name, status: "incomparable", ...sides, ...UNMEASURED };
    const changed = measures.differing > 0 ? "differs" : "equal";
    return {
      name: a.name,
      status: this.#sameBytes ? "identical" : changed,
      ...sides,
      differing: measures.differing,
      maxAbsolute: measures.maxAbsolute,
      relativeL2: relativeL2(measures),
      signAgreement: shareOf(measures.sameSign, elementCount),
      notFinite: measures.notFinite,
    };
  }
}

/** The difference of tensors whose elements cannot be paired. */
export function unpaired(
  name: string,
  a: CheckpointTensor | undefined,
  b: CheckpointTensor | undefined,
): TensorDifference {
  const status = b === undefined ? "onlyA" : a === undefined ? "onlyB" : "shape";
  const elementCount = (a ?? b)?.elementCount ?? 0;
  return { name, status, ...sideA(a), ...sideB(b), elementCount, ...UNMEASURED };
}

/** ‖a - b‖ / ‖a‖, 0 where nothing differs, null where ‖a‖ alone is 0. */
export function relativeL2(measures: Measures): number | null {
  if (measures.differing === 0) return 0;
  if (measures.aSquares === 0) return null;
  return Math.sqrt(measures.differenceSquares / measures.aSquares);
}

/** A share of nothing is all of it. */
export function shareOf(count: number, total: number): number {
  return total === 0 ? 1 : count / total;
}

const UNMEASURED = {
  differing: null,
  maxAbsolute: null,
  relativeL2: null,
  signAgreement: null,
  notFinite: null,
} as const;

function sideA(a: CheckpointTensor | undefined): Pick<TensorDifference, "dtypeA" | "shapeA"> {
  return { dtypeA: a?.dtype ?? null, shapeA: a?.shape ?? null };
}

function sideB(b: CheckpointTensor | undefined): Pick<TensorDifference, "dtypeB" | "shapeB"> {
  return { dtypeB: b?.dtype ?? null, shapeB: b?.shape ?? null };
}
