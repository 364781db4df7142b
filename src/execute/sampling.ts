/** Which elements a sampled sweep looks at. Only speed depends on it: what a sample says is verified. */
import type { Sampling } from "../native/addon.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** Elements per run: 512 bytes of bf16, so that a sample reads few cache lines for each page it touches. */
const RUN_ELEMENTS = 256;
const SMALLEST_SAMPLE = 1 << 16;
const LARGEST_SAMPLE = 1 << 20;

/** About 1/64 of a scope, spread evenly over it. */
export function samplingOf(chunks: readonly ChunkRef[]): Sampling {
  const total = chunks.reduce((sum, chunk) => sum + chunkExtent(chunk).elementCount, 0);
  const wanted = Math.min(LARGEST_SAMPLE, Math.max(SMALLEST_SAMPLE, total / 64));
  const stride = Math.floor(total / wanted) * RUN_ELEMENTS;
  return { run: RUN_ELEMENTS, stride: Math.max(RUN_ELEMENTS, stride) };
}
