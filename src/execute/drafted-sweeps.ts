/** Sweeps over the drafts of a tensor: what they have decided is known, what is left is read from memory. */
import type { TiesArithmetic } from "../methods/method.ts";
import {
  addon,
  type ModelCounts,
  type NativeDraft,
  type SlackTally,
  type Tally,
  type Window,
} from "../native/addon.ts";
import { type Measured, measuresOnlyCuts, type ScopeTrim, type Sweeps } from "./measure.ts";
import { measuredForChunk, nativeDraftJob, nativeElection } from "./native-job.ts";
import type { Brackets } from "./sampling.ts";
import type { ChunkRef } from "./tensor-work.ts";

/** What sweeps must know of a draft: its number, and the counts of its decided elements. */
export interface Drafted extends Pick<NativeDraft, "draft" | "givenBack"> {
  readonly models: readonly Pick<ModelCounts, "retained" | "discarded">[];
}

export class DraftedSweeps implements Sweeps {
  readonly chunks: readonly ChunkRef[];
  readonly seesAll = false;
  readonly #drafts: readonly Drafted[];

  constructor(chunks: readonly ChunkRef[], drafts: readonly Drafted[]) {
    this.chunks = chunks;
    this.#drafts = drafts;
  }

  async trim(
    windows: readonly (Window | null)[],
    take: (chunk: number, model: number, tally: Tally) => void,
  ): Promise<void> {
    for (const [index, draft] of this.#drafts.entries())
      for (const [model, window] of windows.entries()) {
        if (window === null) continue;
        const tally = addon().tallyDraftTrim(draft, model, window);
        // What is decided and kept lies above the bracket.
        tally.above += draft.models[model]?.retained ?? 0;
        take(index, model, tally);
      }
  }

  async slack(
    measured: Measured,
    window: Window | null,
    take: (chunk: number, tally: SlackTally) => void,
  ): Promise<void> {
    if (window === null) throw new Error("the majority sign cannot be measured from drafts");
    for (const [index, draft] of this.#drafts.entries()) {
      const { arithmetic } = (this.chunks[index] as ChunkRef).tensor;
      const forChunk = measuredForChunk(measured, index);
      const election = nativeElection(arithmetic, forChunk);
      const tally = addon().tallyDraftSlack(nativeDraftJob(arithmetic, draft, forChunk), election, window);
      const decided = draft.models[election.priority];
      tally.above += draft.givenBack;
      tally.retained += decided?.retained ?? 0;
      tally.discarded += decided?.discarded ?? 0;
      take(index, tally);
    }
  }

  norms(_trims: readonly ScopeTrim[]): Promise<void> {
    throw new Error("norms cannot be measured from drafts");
  }

  sample(): Promise<Brackets> {
    throw new Error("drafts were made from a sample");
  }
}

/** Above these shares of undecided elements drafts need too much memory; a merge's has its output, too. */
const MOST_UNDECIDED = { merge: 1 / 12, analysis: 1 / 9 };

/** Whether a tensor can be drafted, and it pays: all that is yet to be measured are cuts, and their brackets are narrow. */
export function isDraftable(
  arithmetic: TiesArithmetic,
  brackets: Brackets,
  purpose: "merge" | "analysis",
): boolean {
  if (!measuresOnlyCuts(arithmetic)) return false;
  const slackIsKnown = arithmetic.slack === null || brackets.slack !== null;
  // Zeros cannot be undecided: they are too many, and the same in or out.
  const trims = brackets.trims.filter((trim) => trim !== null);
  if (!slackIsKnown || trims.some((trim) => trim.low === 0)) return false;
  if (trims.length === 0 && arithmetic.slack === null) return false;
  return brackets.undecided <= MOST_UNDECIDED[purpose];
}

/**
 * Whether a merge drafts a tensor. Trims alone are counted by a pass over the tensor, in less time than it takes to settle
 * what drafts leave undecided; losses, which depend on the whole election, are not.
 */
export function isMergedByDrafts(arithmetic: TiesArithmetic, brackets: Brackets): boolean {
  return arithmetic.slack !== null && isDraftable(arithmetic, brackets, "merge");
}
