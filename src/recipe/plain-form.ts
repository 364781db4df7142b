/** Recipe → plain object in mergekit's spelling, for manifests and digests. */

import { type FloatDtype, TORCH_NAMES } from "../dtypes.ts";
import type {
  ConditionalInput,
  ConditionalValue,
  ModelReference,
  Recipe,
  RecipeInput,
  RecipeModelInput,
  Setting,
  SettingInput,
  Settings,
  SettingsInput,
} from "./recipe.ts";
import { referenceToPlain } from "./reference.ts";

/** Words that mean something other than a model of that name under `tokenizer_source`. */
const TOKENIZER_WORDS = ["base", "union"];

/**
 * The canonical plain form: keys in a fixed order, parameters by name, absent ones left out.
 * `recipeFromObject` makes an equal recipe of it, apart from `notes` and `origin`.
 */
export function recipeToPlain(recipe: Recipe): RecipeInput {
  const { mergeMethod, baseModel, models, dtype, outDtype, tokenizerSource } = recipe;
  const priority = recipe.priorityIndex === null ? null : models[recipe.priorityIndex];
  const parameters = plainSettings(recipe.parameters, priority?.reference ?? null);
  return {
    merge_method: mergeMethod,
    ...(baseModel && { base_model: referenceToPlain(baseModel) }),
    models: models.map(({ reference, parameters: own }): RecipeModelInput => {
      const settings = plainSettings(own, null);
      return { model: referenceToPlain(reference), ...(settings && { parameters: settings }) };
    }),
    ...(parameters && { parameters }),
    ...(dtype && { dtype: torchName(dtype) }),
    ...(outDtype && { out_dtype: torchName(outDtype) }),
    ...(tokenizerSource && { tokenizer_source: plainTokenizerSource(tokenizerSource) }),
  };
}

function plainTokenizerSource(source: "base" | ModelReference): RecipeInput["tokenizer_source"] {
  return source === "base" ? source : referenceToPlain(source, TOKENIZER_WORDS);
}

function torchName(dtype: FloatDtype): string {
  return TORCH_NAMES[dtype];
}

/** Settings by name in code unit order; null when there are none. */
function plainSettings(settings: Settings, priority: ModelReference | null): SettingsInput | null {
  const names = Object.keys(settings).sort();
  if (names.length === 0) return null;
  const plain = (name: string): SettingInput =>
    // The text of a reference is ambiguous for paths that hold @ or +; its object form is not.
    name === "priority" && priority !== null
      ? referenceToPlain(priority)
      : plainSetting(settings[name] as Setting);
  return Object.fromEntries(names.map((name) => [name, plain(name)]));
}

function plainSetting(setting: Setting): SettingInput {
  const [only] = setting;
  if (setting.length === 1 && only?.filter === null) return only.value;
  return setting.map(plainConditional);
}

function plainConditional({ filter, value }: ConditionalValue): ConditionalInput {
  return filter === null ? { value } : { filter, value };
}
