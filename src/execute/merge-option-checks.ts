/** One validator for the options of a merge, whether they come from the command line or from a program. */
import { TiesmithError } from "../errors.ts";
import { checkFormat } from "../gguf/output-format.ts";
import type { MergeOptions } from "./merge-options.ts";

const BLOCK_ELEMENTS = 4096;
const KNOWN: readonly (keyof MergeOptions)[] = [
  "out",
  "format",
  "type",
  "threads",
  "maxMemoryBytes",
  "maxShardBytes",
  "overwrite",
  "resume",
  "restart",
  "saturate",
  "hashInputs",
  "sha256",
  "languages",
  "chunkElements",
  "cuts",
  "keepCached",
  "onProgress",
  "signal",
];

/** @throws {TiesmithError} `USAGE` naming the option, what was expected and what was received */
export function checkMergeOptions(options: MergeOptions): void {
  const unknown = Object.keys(options).find((key) => !(KNOWN as readonly string[]).includes(key));
  if (unknown !== undefined) refuse(unknown, `one of ${KNOWN.join(", ")}`, "an unknown option");
  if (typeof options.out !== "string" || options.out === "")
    refuse("out", "the path of a folder or file", options.out);
  checkFormat(options);
  checkCuts(options.cuts);
  if (options.keepCached !== undefined && typeof options.keepCached !== "boolean")
    refuse("keepCached", "true or false", options.keepCached);
  checkWhole("threads", options.threads, 1, 1024);
  checkWhole("maxMemoryBytes", options.maxMemoryBytes, 1, Number.MAX_SAFE_INTEGER);
  checkWhole("maxShardBytes", options.maxShardBytes, 1, Number.MAX_SAFE_INTEGER);
  checkWhole("chunkElements", options.chunkElements, BLOCK_ELEMENTS, 1 << 26);
  if (options.chunkElements !== undefined && options.chunkElements % BLOCK_ELEMENTS !== 0)
    refuse("chunkElements", `a multiple of ${BLOCK_ELEMENTS}`, options.chunkElements);
}

/** By its methods: the class is not loaded before threads are started. */
function checkCuts(cuts: MergeOptions["cuts"]): void {
  const isCache = typeof cuts === "object" && typeof cuts?.get === "function";
  const isFolder = typeof cuts === "string" && cuts !== "";
  if (cuts !== undefined && !isCache && !isFolder) refuse("cuts", "a CutCache or the path of a folder", cuts);
}

function checkWhole(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < min || value > max)
    refuse(name, `a whole number from ${min} to ${max}`, value);
}

function refuse(name: string, expected: string, received: unknown): never {
  throw new TiesmithError("USAGE", `Expected ${expected} for ${name}, but received ${String(received)}`, {
    option: name,
  });
}
