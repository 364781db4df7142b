/** Sweeps over a scope on this thread: for a tensor that is one chunk, measured where it is combined. */
import type { SlackTally, Tally, Window } from "../native/addon.ts";
import type { Measured, ScopeTrim, Sweeps } from "./measure.ts";
import { runNorms, runSlack, runTrim } from "./measure-operations.ts";
import { type ChunkMeasured, measuredForChunk } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import { runSample } from "./sample-operation.ts";
import type { Brackets } from "./sampling.ts";
import { type ChunkRef, tensorsOf } from "./tensor-work.ts";

export class LocalSweeps implements Sweeps {
  readonly chunks: readonly ChunkRef[];
  readonly seesAll = true;
  readonly #files: OpenFiles;

  constructor(chunks: readonly ChunkRef[], files: OpenFiles) {
    this.chunks = chunks;
    this.#files = files;
  }

  async trim(
    windows: readonly (Window | null)[],
    take: (chunk: number, model: number, tally: Tally) => void,
  ): Promise<void> {
    for (const [index, chunk] of this.chunks.entries()) {
      const tallies = runTrim({ kind: "trim", chunk, windows }, this.#files);
      for (const [model, tally] of tallies.entries()) if (tally !== null) take(index, model, tally);
    }
  }

  async norms(trims: readonly ScopeTrim[], take: (norms: Float64Array) => void): Promise<void> {
    for (const [index, chunk] of this.chunks.entries())
      take(runNorms({ kind: "norms", chunk, measured: trimmedOnly(trims, index) }, this.#files));
  }

  async slack(
    measured: Measured,
    window: Window | null,
    take: (chunk: number, tally: SlackTally) => void,
  ): Promise<void> {
    for (const [index, chunk] of this.chunks.entries()) {
      const forChunk = measuredForChunk(measured, index);
      take(index, runSlack({ kind: "slack", chunk, measured: forChunk, window }, this.#files));
    }
  }

  async sample(): Promise<Brackets> {
    return runSample({ kind: "sample", tensors: tensorsOf(this.chunks).tensors }, this.#files);
  }
}

/** Norms are measured when nothing but the trim cuts is known. */
export function trimmedOnly(trims: readonly ScopeTrim[], chunkOfScope: number): ChunkMeasured {
  return measuredForChunk({ trims, norms: null, zeroSign: 1, slack: null }, chunkOfScope);
}
