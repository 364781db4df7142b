/** Where a chunk goes, and in which form. */
import type { FloatDtype } from "../dtypes.ts";
import type { OutputFileHandle } from "./addon.ts";

/** How merged elements are stored in a GGUF file. */
export interface NativeEncoding {
  type: "f32" | "f16" | "bf16" | "q8_0";
  /** Added to every element. */
  offset: number;
  /** Elements of a row. */
  rowElements: number;
  /** Rows of a rotary head, which change places; 0 where rows stay. Chunks are whole heads then. */
  headRows: number;
}

export interface NativeOutput {
  file: OutputFileHandle;
  byteOffset: number;
  /** What is merged to; `encoding` follows, where there is one. */
  dtype: FloatDtype;
  saturate: boolean;
  encoding?: NativeEncoding | null;
}
