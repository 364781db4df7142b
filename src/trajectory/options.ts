/** What callers of {@link trajectory} can ask for, and what can be told before a file is opened. */
import { checkCheckpoints, type SeriesOptions } from "../conflicts/options.ts";
import { TiesmithError } from "../errors.ts";
import type { BackendOptions } from "../evaluate/backend-options.ts";
import type { EvaluationProgress } from "../evaluate/evaluate.ts";
import type { TaskPredictions } from "../evaluate/results.ts";
import type { SelectionOptions } from "../evaluate/selection.ts";

/** Models to show beside the merges, such as CT-then-SFT of each checkpoint. */
export interface OtherCurve {
  readonly name: string;
  /** One model for each checkpoint, or one for all. */
  readonly models: readonly string[];
}

export interface TrajectoryOptions extends SelectionOptions {
  /** The checkpoints, which model of the recipe they stand for (default: the first that is not analysed), the axis. */
  readonly series: SeriesOptions;
  readonly others?: readonly OtherCurve[] | undefined;
  /** Whether the checkpoints are evaluated by themselves, too; default true. */
  readonly alone?: boolean | undefined;
  /** Whether conflicts along the series are counted, for recipes that elect signs; default true. */
  readonly conflicts?: boolean | undefined;
  /** What runs the models: only what reads a folder on this machine, since merges are made as they are needed. */
  readonly backend?: Extract<BackendOptions, { kind: "llama" }> | undefined;
  /** Where answers are kept; default `~/.cache/tiesmith/evaluations`. */
  readonly cache?: string | undefined;
  /** Where merges lie while they are evaluated; default: memory (`/dev/shm`) where it has room, else the system's. */
  readonly temporary?: string | undefined;
  /** Worker threads of merges; default: the cores that this process may use. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  readonly onPredictions?: ((rows: TaskPredictions) => void) | undefined;
}

/** The names of the two curves that are always told apart. */
export const MERGED = "merged";

/** @throws {TiesmithError} `USAGE` naming the option, what was expected and what was received */
export function checkTrajectory(
  checkpoints: readonly string[],
  { series, others = [] }: TrajectoryOptions,
): void {
  checkCheckpoints(checkpoints, series.x);
  for (const [i, { name, models }] of others.entries()) {
    if (models.length !== 1 && models.length !== checkpoints.length)
      refuse(
        `others (${name})`,
        `one model, or one for each of the ${checkpoints.length} checkpoints`,
        models.length,
      );
    if (name === MERGED || others.findIndex((other) => other.name === name) !== i)
      refuse("others", `different names, none of them ${MERGED}`, name);
  }
}

function refuse(option: string, expected: string, received: unknown): never {
  throw new TiesmithError("USAGE", `Expected ${expected} for ${option}, but received ${String(received)}`, {
    option,
  });
}
