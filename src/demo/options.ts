/** What callers of the demonstration say and hear. */

export interface DemoProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  /** What is counted: trials or rows. */
  readonly unit: string;
  /** Of the step. */
  readonly seconds: number;
}

export interface DemoOptions {
  /** The folder for report, merged models, search and answers; an earlier demonstration in it goes on. */
  readonly out: string;
  /** Few densities and few rows: under a minute. */
  readonly fast?: boolean | undefined;
  /** The folder of the small experiment; default: the repository's examples/tinylang. */
  readonly examples?: string | undefined;
  /** Threads of merges. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what begins. */
  readonly onStep?: ((title: string) => void) | undefined;
  readonly onProgress?: ((progress: DemoProgress) => void) | undefined;
}
