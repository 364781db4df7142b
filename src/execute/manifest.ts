/** `tiesmith.json`: what was asked for, what was read, what came out, and the hashes that `verify` checks. */
import { basename } from "node:path";
import type { Dtype } from "../dtypes.ts";
import type { GgufType } from "../gguf/layout.ts";
import type { InputFile, MergePlan, PlannedModel } from "../plan/merge-plan.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import type { TensorRecord } from "./tensor-record.ts";

export { MANIFEST_NAME } from "../checkpoint/output-names.ts";

/** Of this layout of the manifest. A reader refuses others. */
export const MANIFEST_FORMAT = 1;

/** Totals of one task vector over the model. */
export interface ModelSummary {
  readonly model: string;
  readonly parameters: number;
  /** Parameters whose task vector is exactly zero. */
  readonly zero: number;
  /** Nonzero after trim. */
  readonly retained: number;
  /** Retained, and opposed by another trimmed task vector. */
  readonly inConflict: number;
  /** Retained, and lost by the election, before any slack. */
  readonly discarded: number;
}

export interface ManifestInput {
  readonly model: string;
  readonly reference: string;
  readonly files: readonly (Pick<InputFile, "byteSize" | "modifiedNs" | "headerHash"> & {
    readonly name: string;
    readonly sha256?: string;
  })[];
}

export interface ManifestTensor extends Omit<TensorRecord, "hashes"> {
  readonly shard: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** XXH3-128 of the concatenated 16-byte hashes of the tensor's chunks. */
  readonly hash: string;
  /** In a GGUF file: the tensor's name, format and place there, and the chunks that are hashed. */
  readonly gguf?: {
    readonly name: string;
    readonly type: GgufType;
    readonly byteOffset: number;
    readonly byteLength: number;
    readonly chunkElements: number;
  };
}

export interface Manifest {
  readonly format: number;
  readonly tiesmith: string;
  readonly method: string;
  readonly scope: string;
  readonly recipe: RecipeInput;
  /** Merged tensors are hashed per chunk, copied ones per piece. */
  readonly hashing: {
    readonly algorithm: "XXH3-128";
    readonly chunkElements: number;
    readonly copiedPieceBytes: number;
  };
  readonly inputs: { readonly base: ManifestInput | null; readonly models: readonly ManifestInput[] };
  readonly models: readonly ModelSummary[];
  readonly conflicts: number;
  readonly givenBack: number;
  readonly saturated: number;
  /** Cuts over the whole model, where the scope is the model. */
  readonly cuts: unknown;
  readonly tensors: readonly ManifestTensor[];
  readonly shards: readonly {
    readonly name: string;
    readonly byteSize: number;
    readonly headerSha256: string;
    /** Of the whole file, where it was asked for. */
    readonly sha256?: string;
  }[];
  /** SHA-256 of every other file of the folder. */
  readonly files: Readonly<Record<string, string>>;
  /** What may differ between two runs of the same merge. */
  readonly run: Readonly<Record<string, unknown>>;
}

/** Short names for the models: the last part of their path, or the whole reference where two would be equal. */
export function modelLabels(models: readonly Pick<PlannedModel, "reference">[]): string[] {
  const short = models.map(({ reference }) => basename(reference));
  return short.map((label, i) =>
    short.indexOf(label) === short.lastIndexOf(label) ? label : (models[i]?.reference ?? label),
  );
}

/** Adds up the tensors' counts for every task vector; empty where the method has none. */
export function summarizeModels(plan: MergePlan, records: Iterable<TensorRecord>): ModelSummary[] {
  if (plan.base === null) return [];
  const labels = modelLabels(plan.models);
  const sums = labels.map((model) => ({
    model,
    parameters: 0,
    zero: 0,
    retained: 0,
    inConflict: 0,
    discarded: 0,
  }));
  const elementCounts = new Map(plan.tensors.map((tensor) => [tensor.name, tensor.elementCount]));
  for (const record of records) {
    for (const [i, model] of record.models.entries()) {
      const sum = sums[i];
      if (sum === undefined) continue;
      sum.parameters += elementCounts.get(record.name) ?? 0;
      sum.zero += model.zero;
      sum.retained += model.retained;
      sum.inConflict += model.inConflict;
      sum.discarded += model.discarded;
    }
  }
  return sums;
}
