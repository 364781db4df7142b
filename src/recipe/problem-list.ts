/** Collects every problem of a recipe with its place, so that a user mends them all at once. */

import { type ErrorCode, type Problem, TiesmithError } from "../errors.ts";

/** A place in a recipe: its line (YAML) and its key path such as `models[1].parameters.density`. */
export interface Place {
  readonly line: number | null;
  readonly path: string;
}

/** Most problems told at once: more help nobody. */
const MAX_PROBLEM_COUNT = 100;

/** The problems of one recipe, or of another text of the same form, in the order they were found. */
export class ProblemList {
  readonly #problems: (Problem & { line: number | null })[] = [];
  #untoldCount = 0;
  readonly #fileName: string | null;
  readonly #invalidCode: ErrorCode;

  /** `fileName` stands before the line in messages; `invalidCode` is that of a broken rule. */
  constructor(fileName: string | null, invalidCode: ErrorCode = "RECIPE_INVALID") {
    this.#fileName = fileName;
    this.#invalidCode = invalidCode;
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  /** Adds a broken rule. */
  invalid(message: string, place: Place): void {
    this.#add(this.#invalidCode, message, place);
  }

  /** Adds a mergekit feature that is not there yet. */
  unsupported(message: string, place: Place): void {
    this.#add("RECIPE_UNSUPPORTED", message, place);
  }

  /** Adds what another check has found, each with its own place in its message. */
  include(problems: readonly Problem[]): void {
    for (const problem of problems) this.#push({ ...problem, line: null });
  }

  /** The place as messages end with it: `recipe.yaml:9`, or the key path where there are no lines. */
  locate(place: Place): string {
    if (place.line === null) return place.path || this.#fileName || "recipe";
    return this.#fileName === null ? `line ${place.line}` : `${this.#fileName}:${place.line}`;
  }

  /**
   * Does nothing while the list is empty.
   * @throws TiesmithError `RECIPE_INVALID` or `RECIPE_UNSUPPORTED`, with all problems in line order
   */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const sorted = this.#problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
    const problems: Problem[] = sorted.map(({ code, message, details }) => ({ code, message, details }));
    if (this.#untoldCount > 0) {
      problems.push({ code: this.#invalidCode, message: `and ${this.#untoldCount} more`, details: {} });
    }
    throw TiesmithError.fromProblems(problems);
  }

  #add(code: ErrorCode, message: string, place: Place): void {
    const details = place.line === null ? { key: place.path } : { key: place.path, line: place.line };
    this.#push({ code, message: `${message} (${this.locate(place)})`, details, line: place.line });
  }

  #push(problem: Problem & { line: number | null }): void {
    if (this.#problems.length < MAX_PROBLEM_COUNT) this.#problems.push(problem);
    else this.#untoldCount++;
  }
}
