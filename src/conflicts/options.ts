/** What callers of {@link conflicts} can ask for, and one validator for it. */
import { TiesmithError } from "../errors.ts";
import type { ReadOptions } from "../execute/with-pool.ts";
import { checkReadOptions } from "../execute/with-pool.ts";

/** Checkpoints of one model's training, each put in that model's place. */
export interface SeriesOptions {
  /** Models as a recipe names them, or patterns of folders (`runs/ct-*`), in the order of training. */
  readonly checkpoints: readonly string[];
  /** The model of the recipe that they stand for; default: the first that is not the analysed one. */
  readonly replaces?: string | undefined;
  /** Where each stands on the axis, ascending; default: the last number in each name, or else 1, 2, 3, ... */
  readonly x?: readonly number[] | undefined;
  /** What the axis counts, such as `tokens (B)`; default: `checkpoint`. */
  readonly xTitle?: string | undefined;
}

export interface ConflictsOptions extends ReadOptions {
  /** The model whose losses matter; default: the priority model, or else the last one. */
  readonly of?: string | undefined;
  readonly series?: SeriesOptions | undefined;
  /** Adds how much slack forgives how large a difference. */
  readonly slackCurve?: boolean | undefined;
  /** Adds the counts for each of these densities: of both of two models, or of the one that `vary` names. */
  readonly densities?: readonly number[] | undefined;
  readonly vary?: string | undefined;
  /** Elements per chunk, a multiple of 4,096; default: 8 MiB of output. Changes no count, and sums by a rounding at most. */
  readonly chunkElements?: number | undefined;
}

const READ_OPTIONS = ["threads", "signal", "onProgress"];
const KNOWN = ["of", "series", "slackCurve", "densities", "vary", "chunkElements", ...READ_OPTIONS];
const KNOWN_OF_SERIES = ["checkpoints", "replaces", "x", "xTitle"];
const BLOCK = 4096;
/** Two models share the 16 bits of a class. */
export const MOST_DENSITIES = 8;

/** @throws {TiesmithError} `USAGE` naming the option, what was expected and what was received */
export function checkConflictsOptions(options: ConflictsOptions): void {
  const { of, series, slackCurve, densities, vary, chunkElements, ...read } = options;
  const unknown = Object.keys(read).find((key) => !READ_OPTIONS.includes(key));
  if (unknown !== undefined) refuse(unknown, `one of ${KNOWN.join(", ")}`, "an unknown option");
  checkReadOptions(read);
  checkText("of", of);
  checkText("vary", vary);
  if (slackCurve !== undefined && typeof slackCurve !== "boolean")
    refuse("slackCurve", "true or false", slackCurve);
  if (series !== undefined) checkSeries(series);
  if (densities !== undefined) checkDensities(densities);
  const isBlocks = (count: number) => Number.isInteger(count) && count >= BLOCK && count % BLOCK === 0;
  if (chunkElements !== undefined && !isBlocks(chunkElements))
    refuse("chunkElements", `a multiple of ${BLOCK}`, chunkElements);
  if (vary !== undefined && densities === undefined)
    refuse("vary", "densities beside it, which that model is to have", "none");
}

function checkSeries(series: SeriesOptions): void {
  const { checkpoints, replaces, x, xTitle } = series;
  const unknown = Object.keys(series).find((key) => !KNOWN_OF_SERIES.includes(key));
  if (unknown !== undefined)
    refuse(`series.${unknown}`, `one of ${KNOWN_OF_SERIES.join(", ")}`, "an unknown option");
  const isText = (value: unknown) => typeof value === "string" && value.trim() !== "";
  if (!Array.isArray(checkpoints) || !checkpoints.every(isText))
    refuse("series", "a list of checkpoints", JSON.stringify(checkpoints));
  checkText("series.replaces", replaces);
  checkText("series.xTitle", xTitle);
  if (x === undefined) return;
  if (!Array.isArray(x) || !x.every((value) => Number.isFinite(value)))
    refuse("series.x", "a list of numbers", JSON.stringify(x));
  if (x.some((value, i) => i > 0 && value <= (x[i - 1] as number)))
    refuse("series.x", "ascending numbers", JSON.stringify(x));
}

function checkDensities(densities: readonly number[]): void {
  const isDensity = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;
  if (!Array.isArray(densities) || densities.length === 0 || !densities.every(isDensity))
    refuse("densities", "a list of numbers between 0 and 1", JSON.stringify(densities));
  if (new Set(densities).size !== densities.length)
    refuse("densities", "different numbers", JSON.stringify(densities));
  if (densities.length > MOST_DENSITIES)
    refuse("densities", `at most ${MOST_DENSITIES} numbers`, String(densities.length));
}

function checkText(name: string, value: string | undefined): void {
  if (value !== undefined && (typeof value !== "string" || value.trim() === ""))
    refuse(name, "a text", value);
}

function refuse(option: string, expected: string, received: unknown): never {
  throw new TiesmithError("USAGE", `Expected ${expected} for ${option}, but received ${String(received)}`, {
    option,
  });
}

/** What can be told once patterns are expanded. @throws {TiesmithError} `USAGE` */
export function checkCheckpoints(checkpoints: readonly string[], x: readonly number[] | undefined): void {
  if (checkpoints.length < 2) refuse("series", "at least two checkpoints", JSON.stringify(checkpoints));
  if (x !== undefined && x.length !== checkpoints.length)
    refuse("series.x", `a number for each of the ${checkpoints.length} checkpoints`, JSON.stringify(x));
}
