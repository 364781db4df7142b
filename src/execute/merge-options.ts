/** What callers of the API say and hear: the same for the command line. */
import type { GgufType } from "../gguf/layout.ts";
import type { OutputFormat } from "../gguf/output-format.ts";
import type { CutCache } from "./cut-cache.ts";
import type { ModelSummary } from "./manifest.ts";

export type MergePhase = "measure" | "combine" | "seal";

/** How far a merge has come. Bytes count inputs and output once each, whatever a method reads again. */
export interface MergeProgress {
  readonly phase: MergePhase;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneTensors: number;
  readonly totalTensors: number;
  /** Seconds since the merge began. */
  readonly seconds: number;
}

export interface MergeOptions {
  /** The model folder, or the GGUF file, to write. It appears when it is complete, never before. */
  readonly out: string;
  /** `safetensors` (default): a model folder; `gguf`: one file for llama.cpp, as `exportGguf` makes it of that folder. */
  readonly format?: OutputFormat | undefined;
  /** How a GGUF file stores matrices; norms and biases are always f32. Default `bf16`. */
  readonly type?: GgufType | undefined;
  /** Worker threads; default: the cores that this process may use. */
  readonly threads?: number | undefined;
  /**
   * Anonymous memory to stay below: with less of it fewer chunks, and then fewer threads, are under way. Mapped inputs
   * are not counted, since the system drops them when it must. Changes nothing that is written.
   */
  readonly maxMemoryBytes?: number | undefined;
  /** Data bytes per shard; default 5e9. */
  readonly maxShardBytes?: number | undefined;
  /** Replace an existing OUT that tiesmith made. */
  readonly overwrite?: boolean | undefined;
  /** Go on with the OUT.partial of an interrupted merge. */
  readonly resume?: boolean | undefined;
  /** Discard the OUT.partial of an interrupted merge. */
  readonly restart?: boolean | undefined;
  /** Clamp values that overflow the output dtype, and count them, instead of failing. */
  readonly saturate?: boolean | undefined;
  /** Add the SHA-256 of every input file to the manifest. */
  readonly hashInputs?: boolean | undefined;
  /** Add the SHA-256 of every shard to the manifest, as model hubs show it. Reads the output once more. */
  readonly sha256?: boolean | undefined;
  /** Language tags (BCP 47) for the model card. */
  readonly languages?: readonly string[] | undefined;
  /** Elements per chunk, a multiple of 4,096; default: 8 MiB of output. Changes no tensor. */
  readonly chunkElements?: number | undefined;
  /** Cuts of earlier merges, or the folder of a {@link CutCache}: what is known is not measured again. */
  readonly cuts?: CutCache | string | undefined;
  /**
   * Keep inputs in the page cache for merges that follow, if they fit; default: where `cuts` are given. Else the page cache
   * is left as it was found: what was read from the disk leaves it as the merge goes on.
   */
  readonly keepCached?: boolean | undefined;
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface MergeResult {
  /** The folder or file that was written, absolute. */
  readonly out: string;
  readonly format: OutputFormat;
  readonly method: string;
  readonly tensorCount: number;
  readonly parameterCount: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly seconds: number;
  readonly threads: number;
  readonly kernel: string;
  /** Tensors taken over from an interrupted merge. */
  readonly resumedTensors: number;
  /** Totals of every task vector, in recipe order; empty for `linear`. */
  readonly models: readonly ModelSummary[];
  /** Parameters where two trimmed task vectors have opposite signs. */
  readonly conflicts: number;
  /** Parameters of the priority model that slack gave back. */
  readonly givenBack: number;
  readonly saturated: number;
  readonly notes: readonly string[];
}
