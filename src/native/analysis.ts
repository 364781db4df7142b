/** What the analysing calls of the addon answer. */
import type { ModelCounts } from "./addon.ts";

/** Of one task vector in a chunk; the election is counted before any slack, magnitudes are |tau|. */
export interface NativeModelAnalysis extends ModelCounts {
  conflictsLost: number;
  /** Retained where the votes add up to exactly 0; of the discarded ones likewise. */
  zeroVotes: number;
  discardedZeroVotes: number;
  largest: number;
  largestTrimmed: number;
}

/** Elements where both task vectors are nonzero, with the same or opposite signs, before and after trim. */
export interface NativePair {
  same: number;
  opposite: number;
  sameTrimmed: number;
  oppositeTrimmed: number;
}

export interface NativeAnalysis {
  models: NativeModelAnalysis[];
  /** 0 1, 0 2, ..., 1 2, ...; empty for more than 16 models. */
  pairs: NativePair[];
  conflicts: number;
  zeroVotes: number;
  givenBack: number;
  /** The largest |sum of votes| that slack forgave. */
  largestGiven: number;
  /**
   * Per block of 4,096 elements: for each model the sums of |tau| and tau^2, of both after trim, and of |tau| over the
   * discarded; for each pair the sum of products, and that after trim; the sum of |tau| over what is given back.
   */
  sums: Float64Array;
  /** 256 counts a model, over the blocks that were asked for: of |tau| in [2^(e - 127), 2^(e - 126)) at e; zeros and denormals at 0. */
  octaves: Uint32Array;
}

/** A chunk that is analysed but for its undecided elements, which are left out of all that depends on a cut. */
export interface NativeAnalysisDraft extends NativeAnalysis {
  draft: number;
  undecided: number;
}

/** The priority model's losses by |sum of votes|. */
export interface LossTally {
  retained: number;
  discarded: number;
  /** In ascending order, for each bin of 2^15 keys that has losses: its number, their count, their largest key. */
  bins: Uint32Array;
}
