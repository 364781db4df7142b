/** From a chunk that could not be combined to an error for people. */
import { TiesmithError } from "../errors.ts";
import type { ChunkFailure } from "../native/addon.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** What is wrong with a number, for people. */
export function chunkFailure(chunk: ChunkRef, { failure }: ChunkFailure): TiesmithError {
  const { name, base, models, output } = chunk.tensor;
  const index = chunkExtent(chunk).elementOffset + failure.element;
  if (failure.status === "unfit") {
    const type = output.encoding?.type;
    return new TiesmithError(
      "OVERFLOW",
      `Expected the merged ${name} to fit ${type}, but element ${index} does not; write bf16 or f32 with --type`,
      { tensor: name, index, type },
    );
  }
  if (failure.status === "overflow")
    return new TiesmithError(
      "OVERFLOW",
      `Expected the merged ${name} to fit ${output.dtype}, but element ${index} overflows; ` +
        "store a wider dtype, or clamp such values with --saturate",
      { tensor: name, index, dtype: output.dtype },
    );
  const source = failure.source === 0 ? base : models[failure.source - 1];
  return new TiesmithError(
    "NOT_FINITE",
    `Expected finite numbers in ${name}, but element ${index} in ${source?.path} is NaN or Inf`,
    { tensor: name, index, path: source?.path },
  );
}
