/** A merge as it will be carried out: every byte's source and place, every parameter resolved. Plain data. */
import type { PlacedTensor, ShardLayout } from "../checkpoint/layout.ts";
import type { Dtype } from "../dtypes.ts";
import type { GgufType } from "../gguf/layout.ts";
import type { OutputFormat } from "../gguf/output-format.ts";
import type { Arithmetic, Scope } from "../methods/method.ts";
import type { NativeEncoding } from "../native/addon.ts";
import type { RecipeInput } from "../recipe/recipe.ts";

/** An input file as it was when its header was read. */
export interface InputFile {
  readonly path: string;
  readonly byteSize: number;
  readonly modifiedNs: string;
  readonly device: string;
  readonly inode: string;
  readonly headerHash: string;
}

export interface PlannedModel {
  /** As the recipe names it. */
  readonly reference: string;
  readonly folder: string;
  readonly files: readonly InputFile[];
}

/** A tensor's bytes in an input, `byteOffset` from the start of the file. */
export interface PlannedSource {
  readonly path: string;
  readonly byteOffset: number;
  readonly dtype: Dtype;
}

/** A tensor of a GGUF file. */
export interface PlannedGguf {
  /** Its name there. */
  readonly name: string;
  readonly type: GgufType;
  /** What is done to merged elements before they are written; null if nothing. */
  readonly encoding: NativeEncoding | null;
}

export interface PlannedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elementCount: number;
  /** Null where the method has no base. */
  readonly base: PlannedSource | null;
  /** One a model, in recipe order. */
  readonly models: readonly PlannedSource[];
  /** `dtype` is what is merged to; `byteLength` are the bytes in the file. */
  readonly output: PlacedTensor;
  /** Null in a model folder. */
  readonly gguf: PlannedGguf | null;
  /** Elements per chunk. */
  readonly chunkElements: number;
  /** Null for tensors that are copied unchanged. */
  readonly arithmetic: Arithmetic | null;
}

/** A small file that travels with the weights, copied from an input. */
export interface CompanionFile {
  readonly name: string;
  readonly from: string;
}

export interface MergePlan {
  readonly method: string;
  readonly format: OutputFormat;
  /** The recipe as resolved, in mergekit's spelling. */
  readonly recipe: RecipeInput;
  readonly scope: Scope;
  readonly base: PlannedModel | null;
  readonly models: readonly PlannedModel[];
  readonly priority: number | null;
  /** In the order in which they lie in the inputs. */
  readonly tensors: readonly PlannedTensor[];
  readonly shards: readonly ShardLayout[];
  /** `config.json` of the output, or null if the model that gives it has none. */
  readonly config: Record<string, unknown> | null;
  readonly companions: readonly CompanionFile[];
  /** Elements per chunk, but where a tensor has its own. */
  readonly chunkElements: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly parameterCount: number;
  /** What the user should know: dropped buffers, differing chat templates, ignored parameters. */
  readonly notes: readonly string[];
}
