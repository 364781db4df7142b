/** Counts how far a merge has come, in bytes of inputs and output. */
import type { MergePlan } from "../plan/merge-plan.ts";
import type { MergePhase, MergeProgress } from "./merge-options.ts";
import { costOf, type Work } from "./work.ts";

export class ProgressMeter {
  readonly #report: ((progress: MergeProgress) => void) | undefined;
  readonly #started: number;
  readonly #totalBytes: number;
  readonly #totalTensors: number;
  readonly #bytesPerElement: number;
  #phase: MergePhase = "combine";
  #doneElements = 0;
  #doneTensors = 0;

  /** `started`: `performance.now()` when the merge began. */
  constructor(plan: MergePlan, started: number, report: ((progress: MergeProgress) => void) | undefined) {
    this.#report = report;
    this.#started = started;
    this.#totalBytes = plan.readBytes + plan.writeBytes;
    this.#totalTensors = plan.tensors.length;
    this.#bytesPerElement = this.#totalBytes / Math.max(1, plan.parameterCount);
  }

  phase(phase: MergePhase): void {
    this.#phase = phase;
    this.#tell();
  }

  /** A tensor that an interrupted merge has left. */
  skip(work: Work): void {
    this.#doneElements += costOf(work);
    this.tensorDone();
  }

  advance(elementCount: number): void {
    this.#doneElements += elementCount;
    this.#tell();
  }

  tensorDone(): void {
    this.#doneTensors += 1;
    this.#tell();
  }

  #tell(): void {
    this.#report?.({
      phase: this.#phase,
      doneBytes: Math.min(this.#totalBytes, Math.round(this.#doneElements * this.#bytesPerElement)),
      totalBytes: this.#totalBytes,
      doneTensors: this.#doneTensors,
      totalTensors: this.#totalTensors,
      seconds: (performance.now() - this.#started) / 1000,
    });
  }
}
