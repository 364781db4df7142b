/** Collects what is wrong with a request, so that all of it can be told at once. */
import { type ErrorCode, type Problem, TiesmithError } from "../errors.ts";

export class Problems {
  readonly list: Problem[] = [];

  add(code: ErrorCode, message: string, details: Record<string, unknown> = {}): void {
    this.list.push({ code, message, details });
  }

  /** What `work` gives, or undefined if it throws an error of ours, which is collected. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof TiesmithError)) throw error;
      const several = error.details.problems as Problem[] | undefined;
      this.list.push(...(several ?? [error.toProblem()]));
      return undefined;
    }
  }
}
