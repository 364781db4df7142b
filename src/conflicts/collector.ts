/** Takes the answers on chunks in any order, and adds them up tensor by tensor in the order of the chunks. */

import type { AnalyseOperation } from "../execute/operations.ts";
import type { TensorWork } from "../execute/tensor-work.ts";
import { chunkExtent } from "../execute/tensor-work.ts";
import type { NativeAnalysis } from "../native/addon.ts";
import { FigureSums } from "./figure-sums.ts";
import type { Question } from "./sweep-variants.ts";

export class AnalysisCollector {
  /** One a tensor. */
  readonly sums: readonly FigureSums[];
  readonly #tensors: readonly TensorWork[];
  readonly #labels: readonly string[];
  readonly #priority: number | null;
  readonly #early: Map<number, NativeAnalysis>[];
  readonly #next: number[];

  constructor(tensors: readonly TensorWork[], labels: readonly string[], priority: number | null) {
    this.#tensors = tensors;
    this.#labels = labels;
    this.#priority = priority;
    this.sums = tensors.map(() => new FigureSums(labels, priority));
    this.#early = tensors.map(() => new Map());
    this.#next = tensors.map(() => 0);
  }

  /** What is to be asked of every chunk. */
  readonly question: Question<AnalyseOperation> = {
    operationOf: (chunk, measured) => ({ kind: "analyse", chunk, measured }),
    take: (tensor, chunk, answer) => this.#take(tensor, chunk, answer),
  };

  /** The sums of the named tensors, or of all, in their order. */
  total(of: Iterable<number> = this.sums.keys()): FigureSums {
    const total = new FigureSums(this.#labels, this.#priority);
    for (const tensor of of) total.addPart(this.sums[tensor] as FigureSums);
    return total;
  }

  #take(tensor: number, chunk: number, answer: NativeAnalysis): void {
    const early = this.#early[tensor] as Map<number, NativeAnalysis>;
    early.set(chunk, answer);
    for (let next = this.#next[tensor] as number; ; next++) {
      const ready = early.get(next);
      this.#next[tensor] = next;
      if (ready === undefined) return;
      early.delete(next);
      const { elementCount } = chunkExtent({ tensor: this.#tensors[tensor] as TensorWork, index: next });
      this.sums[tensor]?.addChunk(elementCount, ready);
    }
  }
}
