/** What chooses the next point of a space. */
import type { Parameters } from "../results.ts";

/** A trial whose outcome is known; `objective` is null for one that failed. */
export interface Observation {
  readonly number: number;
  readonly parameters: Parameters;
  readonly objective: number | null;
}

export interface Strategy {
  /** Trials that it has at most. */
  readonly trialCount: number;
  /**
   * The point of a trial. The same number and history give the same point, on every machine.
   * @param number below `trialCount`
   * @param history outcomes of other trials, by number
   * @param pending points that other processes try at this moment
   * @returns `wait` where outcomes of earlier trials are needed first
   */
  propose(
    number: number,
    history: readonly Observation[],
    pending: readonly Parameters[],
  ): Parameters | "wait";
}
