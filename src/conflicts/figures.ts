/** What an analysis tells of a set of parameters: a tensor, a kind of module, a layer, the whole model. Plain data. */

/**
 * One task vector over a set of parameters. Counts are of parameters, and of the election before any slack; the L1, L2
 * and largest are of task vectors in f64, without the factors that `rescale` and weights bring. A share of nothing is
 * null.
 */
export interface ModelFigures {
  /** As recipes of short paths name it. */
  readonly model: string;
  readonly parameters: number;
  /** Parameters whose task vector is exactly zero. */
  readonly zero: number;
  /** Nonzero after trim. */
  readonly retained: number;
  /** Retained, and another trimmed task vector has the opposite sign. */
  readonly inConflict: number;
  /** Of those in conflict, the ones that the election went for, and those it went against. */
  readonly conflictsWon: number;
  readonly conflictsLost: number;
  /** Retained, where the votes add up to exactly zero, so that `zero_sign` decides. */
  readonly zeroVotes: number;
  /** Retained, and lost by the election. */
  readonly discarded: number;
  /** The same without those that only `zero_sign` discarded. */
  readonly discardedWithoutZeroVotes: number;
  /** Retained, and won by the election: retained - discarded. */
  readonly kept: number;
  /** Of the discarded, those that slack gave back; 0 but for the priority model of `ties_sv`. */
  readonly givenBack: number;
  /** retained / parameters: the realised density. */
  readonly density: number | null;
  /** zero / parameters. */
  readonly zeroShare: number | null;
  /** inConflict / retained. */
  readonly conflictShare: number | null;
  /** discarded / retained: Figure 4 of the paper. */
  readonly discardedShare: number | null;
  readonly discardedShareWithoutZeroVotes: number | null;
  /** Sum of |tau|, the square root of the sum of tau^2, and the largest |tau|, before and after trim. */
  readonly l1: number;
  readonly l2: number;
  readonly largest: number;
  readonly l1Trimmed: number;
  readonly l2Trimmed: number;
  readonly largestTrimmed: number;
  /** Sum of |tau| over the discarded, and of what slack gave back. */
  readonly l1Discarded: number;
  readonly l1GivenBack: number;
  /** l1Discarded / l1Trimmed: the mass that the election discards. */
  readonly discardedMass: number | null;
}

/** Two task vectors before or after trim. */
export interface Agreement {
  /** Parameters where both are nonzero and of the same sign, or of opposite signs. */
  readonly same: number;
  readonly opposite: number;
  /** same / (same + opposite). */
  readonly signAgreement: number | null;
  /** Null where one of them is zero everywhere. */
  readonly cosine: number | null;
}

export interface PairFigures {
  readonly models: readonly [string, string];
  readonly before: Agreement;
  readonly after: Agreement;
}

/** Counts of |tau| before trim by powers of two. */
export interface Histogram {
  readonly model: string;
  /** Elements that were counted: all of a small tensor, one block of 4,096 in 64 of those above a million elements. */
  readonly counted: number;
  /** Zeros and magnitudes below 2^-126 among them. */
  readonly zero: number;
  /** Ascending, without gaps: elements with 2^exponent <= |tau| < 2^(exponent + 1). */
  readonly bins: readonly { readonly exponent: number; readonly count: number }[];
}

/** All that is told of a set of parameters. */
export interface Figures {
  readonly parameters: number;
  /** Parameters where two trimmed task vectors have opposite signs. */
  readonly conflicts: number;
  /** Parameters that a trimmed task vector has, where the votes add up to exactly zero. */
  readonly zeroVotes: number;
  /** What slack gave back, and the largest |sum of votes| that it forgave; with two models of equal weight that is the
   * difference of the magnitudes. */
  readonly givenBack: number;
  readonly largestForgiven: number | null;
  /** In recipe order. */
  readonly models: readonly ModelFigures[];
  /** Every two models, in recipe order; empty for more than 16 models. */
  readonly pairs: readonly PairFigures[];
}
