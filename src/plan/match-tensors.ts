/** Matches the tensors of the models by name, and refuses what cannot be merged. */
import type { Checkpoint, CheckpointTensor } from "../checkpoint/checkpoint.ts";
import { equalContents } from "../checkpoint/equal-contents.ts";
import { type Dtype, isCopiedDtype, isFloatDtype } from "../dtypes.ts";
import type { PlannedSource } from "./merge-plan.ts";
import type { Problems } from "./problems.ts";
import type { InputModel, Inputs } from "./read-inputs.ts";

/** A tensor with its places in all inputs. */
export interface MatchedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elementCount: number;
  /** The dtype of the base, or of the first model where there is no base. */
  readonly dtype: Dtype;
  readonly base: PlannedSource | null;
  readonly models: readonly PlannedSource[];
  /** Whether it is copied unchanged: integers and booleans, equal everywhere. */
  readonly copied: boolean;
}

/** Names per message: enough to see the pattern. */
const LISTED_NAMES = 8;

/** The tensors in the order of the reference model's files; problems name every mismatch. */
export function matchTensors(inputs: Inputs, problems: Problems): MatchedTensor[] {
  const reference = inputs.base ?? (inputs.models[0] as InputModel);
  const others = [...new Set(inputs.models)].filter((model) => model !== reference);
  for (const other of others) reportMismatches(reference, other, problems);
  if (problems.list.length > 0) return [];
  const matched: MatchedTensor[] = [];
  for (const tensor of reference.checkpoint.tensors.values()) {
    const one = matchOne(tensor, reference, inputs, problems);
    if (one !== undefined) matched.push(one);
  }
  return matched;
}

function reportMismatches(reference: InputModel, other: InputModel, problems: Problems): void {
  const expected = reference.checkpoint.tensors;
  const found = other.checkpoint.tensors;
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  const extra = [...found.keys()].filter((name) => !expected.has(name));
  if (missing.length > 0 || extra.length > 0) {
    const parts = [
      missing.length > 0 ? `${missing.length} missing (${listed(missing)})` : "",
      extra.length > 0 ? `${extra.length} unknown (${listed(extra)})` : "",
    ].filter((part) => part !== "");
    problems.add(
      "MODELS_MISMATCH",
      `Expected the tensors of ${reference.reference} in ${other.reference}, but found ${parts.join(" and ")}` +
        headHint(reference.checkpoint, other.checkpoint),
      { reference: reference.reference, model: other.reference, missing, extra },
    );
  }
  const shapes = [...expected.values()].flatMap((tensor) => {
    const shape = found.get(tensor.name)?.shape;
    if (shape === undefined || shape.join() === tensor.shape.join()) return [];
    return [{ name: tensor.name, expected: tensor.shape, found: shape }];
  });
  if (shapes.length === 0) return;
  const texts = shapes.map((s) => `${s.name} [${s.found.join(", ")}] instead of [${s.expected.join(", ")}]`);
  problems.add(
    "MODELS_MISMATCH",
    `Expected the shapes of ${reference.reference} in ${other.reference}, but found ${listed(texts)}${vocabularyHint(shapes)}`,
    { reference: reference.reference, model: other.reference, shapes },
  );
}

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, LISTED_NAMES).join(", ");
  return texts.length > LISTED_NAMES ? `${shown}, and ${texts.length - LISTED_NAMES} more` : shown;
}

function headHint(reference: Checkpoint, other: Checkpoint): string {
  const tied = (checkpoint: Checkpoint) => checkpoint.config?.tieWordEmbeddings === true;
  if (tied(reference) === tied(other)) return "";
  return "; one of them ties its head to the embedding (tie_word_embeddings) and the other does not";
}

function vocabularyHint(shapes: readonly { name: string }[]): string {
  const isVocabulary = ({ name }: { name: string }) => /embed|lm_head|wte/.test(name);
  return shapes.every(isVocabulary)
    ? "; the vocabularies differ in size, and models are merged row by row"
    : "";
}

function sourceOf(tensor: CheckpointTensor, { checkpoint }: InputModel): PlannedSource {
  const path = checkpoint.shards[tensor.shardIndex]?.path as string;
  return { path, byteOffset: tensor.byteOffset, dtype: tensor.dtype };
}

function matchOne(
  tensor: CheckpointTensor,
  reference: InputModel,
  inputs: Inputs,
  problems: Problems,
): MatchedTensor | undefined {
  const { name, shape, elementCount, dtype } = tensor;
  const own = (model: InputModel) => model.checkpoint.tensors.get(name) as CheckpointTensor;
  const base = inputs.base === null ? null : sourceOf(own(inputs.base), inputs.base);
  const models = inputs.models.map((model) => sourceOf(own(model), model));
  const matched = { name, shape, elementCount, dtype, base, models };
  const dtypes = new Set([dtype, ...models.map((model) => model.dtype)]);
  if ([...dtypes].every(isFloatDtype)) return { ...matched, copied: false };
  if (dtypes.size > 1 || !isCopiedDtype(dtype)) {
    problems.add(
      "MODELS_MISMATCH",
      `Expected ${name} in one integer format or in floats everywhere, but found ${[...dtypes].join(", ")}`,
      { tensor: name, dtypes: [...dtypes] },
    );
    return undefined;
  }
  const differing = inputs.models.find(
    (_, i) => !equalContents(sourceOf(tensor, reference), models[i] as PlannedSource, tensor.byteLength),
  );
  if (differing === undefined) return { ...matched, copied: true };
  problems.add(
    "MODELS_MISMATCH",
    `Expected the ${dtype} tensor ${name} equal in all models, since integers cannot be merged, ` +
      `but ${differing.reference} differs from ${reference.reference}`,
    { tensor: name, model: differing.reference },
  );
  return undefined;
}
