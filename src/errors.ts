/**
 * The one error class of tiesmith. Every message says what was expected, where, what was found and,
 * where it helps, what to do; `code` is stable and meant for programs, `details` is plain data.
 */

/** Codes of bad input: the caller asked for something that cannot be done (CLI exit 2). */
export const BAD_INPUT_CODES = [
  "USAGE", // a command line or an API option is off
  "RECIPE_INVALID", // the recipe breaks a rule: key, type, range, missing value
  "RECIPE_UNSUPPORTED", // a mergekit feature that tiesmith does not have yet
  "SEARCH_INVALID", // a search's spec breaks a rule, or would tune on rows that it tests on
  "MODEL_NOT_FOUND", // a model path or hub id that leads nowhere
  "CHECKPOINT_INVALID", // a file breaks the safetensors format or the index
  "DTYPE_UNSUPPORTED", // a tensor is stored in a format that cannot be merged
  "MODEL_UNSUPPORTED", // an architecture or a tokenizer that cannot be written as GGUF
  "TASK_INVALID", // a task file breaks a rule, or a task is unknown
  "DATA_INVALID", // a benchmark's rows are absent, or one of them breaks a rule
  "BACKEND_UNAVAILABLE", // a package, a command or a server that runs models is absent, or cannot do what is asked
  "MODELS_MISMATCH", // names, shapes or integer buffers differ between the models
  "NOT_FINITE", // NaN or Inf in an input
  "OVERFLOW", // a finite result does not fit the output dtype
  "OUTPUT_EXISTS", // OUT, or OUT.partial without --resume, is already there
  "OUTPUT_UNSAFE", // OUT lies in an input, holds one, or was not made by tiesmith
  "RESUME_MISMATCH", // OUT.partial belongs to another recipe, version or input
  "DISK_FULL", // not enough room for the output
  "MEMORY_LIMIT", // the work does not fit the memory that was allowed
  "NO_PERMISSION", // the system refused a path
] as const;

/** Codes of failed runs: the input was fine, the run was not (CLI exit 1; `INTERRUPTED` 128 + the signal). */
export const FAILED_RUN_CODES = [
  "INTERRUPTED", // cancelled by signal or AbortSignal
  "INPUT_CHANGED", // an input file changed, shrank or failed while it was read
  "OUTPUT_BUSY", // another merge is writing the same OUT
  "IO_FAILED", // the system failed a read or a write
  "VERIFY_FAILED", // an output does not have the hashes its manifest tells
  "ADDON_MISSING", // the native addon cannot be loaded
  "WORKER_FAILED", // a worker thread died
  "BACKEND_FAILED", // what runs the model failed in the middle of a run
  "INTERNAL", // a broken invariant: a bug in tiesmith
] as const;

export type ErrorCode = (typeof BAD_INPUT_CODES)[number] | (typeof FAILED_RUN_CODES)[number];

/** What one problem is, as plain data that may cross threads. */
export interface Problem {
  code: ErrorCode;
  message: string;
  details: Record<string, unknown>;
}

export class TiesmithError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;

  /** `message` may quote names and paths of hostile files as they are: it is made {@link printable} here. */
  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(printable(message));
    this.name = "TiesmithError";
    this.code = code;
    this.details = details;
  }

  /** The error as plain data: what a worker posts, since errors lose class and fields across threads. */
  toProblem(): Problem {
    return { code: this.code, message: this.message, details: this.details };
  }

  static fromProblem(problem: Problem): TiesmithError {
    return new TiesmithError(problem.code, problem.message, problem.details);
  }

  /** One error for many problems, so that a user mends them all at once; `details.problems` lists them. */
  static fromProblems(problems: readonly Problem[]): TiesmithError {
    const [first] = problems;
    if (first === undefined) throw new RangeError("fromProblems needs at least one problem");
    if (problems.length === 1) return TiesmithError.fromProblem(first);
    const message = `${problems.length} problems: ${problems.map((p) => p.message).join("; ")}`;
    const told = problems.map((problem) => ({ ...problem, message: printable(problem.message) }));
    return new TiesmithError(first.code, message, { problems: told });
  }
}

/** Whether an error means that the request, not the run, was at fault. */
export function isBadInput(code: ErrorCode): boolean {
  return (BAD_INPUT_CODES as readonly string[]).includes(code);
}

/**
 * A text on one line, as it may stand in a message or a terminal: names in model files and paths may hold
 * anything, control sequences, changes of direction and halves of surrogate pairs included.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, "0")}`;
  });
}

/** The message of anything thrown, for joining into a sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The known name with the smallest edit distance to `name`, if one is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
