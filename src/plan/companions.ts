/** Which small files travel with the merged weights, and what to tell where the models' differ. */
import {
  codeFiles,
  compareVocabularies,
  generationFiles,
  tokenizerFiles,
  type Vocabulary,
  vocabularyOf,
} from "../checkpoint/companion-files.ts";
import { patchedConfig } from "../checkpoint/config.ts";
import type { FloatDtype } from "../dtypes.ts";
import { describeReference, type Recipe } from "../recipe/recipe.ts";
import type { CompanionFile } from "./merge-plan.ts";
import type { Problems } from "./problems.ts";
import { type InputModel, type Inputs, locateReference } from "./read-inputs.ts";

export interface Companions {
  readonly files: readonly CompanionFile[];
  readonly config: Record<string, unknown> | null;
  /** Where config and tokenizer are from. */
  readonly folder: string;
  readonly tokenizerFolder: string;
  readonly notes: readonly string[];
}

/**
 * Config and generation settings come from the base (or, without one, the first model); the tokenizer from
 * there too, or from the model that `tokenizer_source` names, whose vocabulary must then be the same.
 */
export function planCompanions(
  recipe: Recipe,
  inputs: Inputs,
  dtype: FloatDtype,
  problems: Problems,
): Companions {
  const donor = inputs.base ?? (inputs.models[0] as InputModel);
  const folder = donor.checkpoint.folder;
  const notes: string[] = [];
  const tokenizerFolder = problems.attempt(() => tokenizerFolderOf(recipe, donor)) ?? folder;
  const own = problems.attempt(() => vocabularyOf(tokenizerFolder)) ?? null;
  for (const model of new Set([donor, ...inputs.models])) {
    if (model.checkpoint.folder === tokenizerFolder) continue;
    const other = problems.attempt(() => vocabularyOf(model.checkpoint.folder));
    if (other) compareWith(own, other, model, recipe, problems, notes);
  }
  const named = (from: string, names: readonly string[]) =>
    names.map((name) => ({ name, from: `${from}/${name}` }));
  const files = problems.attempt(() => [
    ...named(tokenizerFolder, tokenizerFiles(tokenizerFolder)),
    ...named(folder, generationFiles(folder)),
    ...named(folder, codeFiles(folder)),
  ]);
  const { config } = donor.checkpoint;
  return {
    files: files ?? [],
    config: config === null ? null : patchedConfig(config.raw, dtype),
    folder,
    tokenizerFolder,
    notes,
  };
}

function tokenizerFolderOf(recipe: Recipe, donor: InputModel): string {
  const source = recipe.tokenizerSource;
  return source === null || source === "base" ? donor.checkpoint.folder : locateReference(source, recipe);
}

function compareWith(
  own: Vocabulary | null,
  other: Vocabulary,
  model: InputModel,
  recipe: Recipe,
  problems: Problems,
  notes: string[],
): void {
  if (own === null) return;
  const { identical, difference, chatTemplateDiffers } = compareVocabularies(own, other);
  const text = `the vocabulary of ${model.reference} differs from the one that is written (${difference})`;
  if (!identical && recipe.tokenizerSource !== null && recipe.tokenizerSource !== "base")
    problems.add(
      "MODELS_MISMATCH",
      `Expected the vocabulary of ${describeReference(recipe.tokenizerSource)} in every model, but ${text}`,
      { model: model.reference },
    );
  else if (!identical) notes.push(text);
  if (chatTemplateDiffers)
    notes.push(`the chat template of ${model.reference} differs from the one that is written`);
}
