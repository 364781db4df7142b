/** A recipe: what is asked for, validated, with no file but the recipe itself ever opened. */

import type { FloatDtype } from "../dtypes.ts";

/** A model as a recipe names it: a path or a hub id, with the revision behind `@`. */
export interface ModelReference {
  readonly location: string;
  readonly revision: string | null;
}

/** A value for the tensors whose name contains `filter` (null: all); a number list is a gradient. */
export interface ConditionalValue {
  readonly filter: string | null;
  readonly value: number | boolean | string | readonly number[];
}

/** Values tried in order: the first whose filter matches wins; none falls through to the next level. */
export type Setting = readonly ConditionalValue[];

/** Settings by parameter name; only parameters of the recipe's method occur. */
export type Settings = Readonly<Record<string, Setting>>;

/** One model of a recipe with the parameters that are set for it alone. */
export interface RecipeModel {
  readonly reference: ModelReference;
  readonly parameters: Settings;
}

/** Where a recipe came from; relative model paths are looked up in `folder` first. */
export interface RecipeOrigin {
  /** The file as the user named it. */
  readonly path: string | null;
  /** The file's folder, absolute. */
  readonly folder: string | null;
}

/** A validated recipe. */
export interface Recipe {
  readonly mergeMethod: string;
  readonly baseModel: ModelReference | null;
  /** In recipe order, without a base that was listed again (its task vector is zero). */
  readonly models: readonly RecipeModel[];
  /** The top-level `parameters`. */
  readonly parameters: Settings;
  readonly dtype: FloatDtype | null;
  readonly outDtype: FloatDtype | null;
  readonly tokenizerSource: "base" | ModelReference | null;
  /** Index into `models` of the model that `priority` names. */
  readonly priorityIndex: number | null;
  /** What was accepted without effect, for the user to read. */
  readonly notes: readonly string[];
  readonly origin: RecipeOrigin;
}

/** A model reference as an API user writes it; the object form allows `@` and `+` in a path. */
export type ReferenceInput = string | { readonly path: string; readonly revision?: string | undefined };

/** A value for the tensors whose name contains `filter` (absent or `*`: all). */
export interface ConditionalInput {
  readonly filter?: string | undefined;
  readonly value: number | boolean | string | readonly number[];
}

/** A parameter as an API user writes it: a value, a gradient, or values by filter. */
export type SettingInput =
  | number
  | boolean
  | string
  | readonly number[]
  | ConditionalInput
  | readonly ConditionalInput[]
  | ReferenceInput;

/** Parameters by name, as a recipe spells them. */
export type SettingsInput = Readonly<Record<string, SettingInput | undefined>>;

/** One entry of `models`. */
export interface RecipeModelInput {
  readonly model: ReferenceInput;
  readonly parameters?: SettingsInput | undefined;
}

/** A recipe as a plain object, spelt as mergekit spells its YAML. */
export interface RecipeInput {
  readonly merge_method: string;
  readonly base_model?: ReferenceInput | undefined;
  readonly models: readonly RecipeModelInput[];
  readonly parameters?: SettingsInput | undefined;
  readonly dtype?: string | undefined;
  readonly out_dtype?: string | undefined;
  readonly tokenizer_source?: ReferenceInput | undefined;
}

// The folder's way in: whoever uses recipes imports this file alone. The imports back are types only.
export { recipeToPlain } from "./plain-form.ts";
export { parseRecipe, readRecipe, recipeFromObject } from "./read.ts";
export { describeReference, sameReference } from "./reference.ts";
export { layerIndex, layerPosition, resolveParameter, type TensorPosition } from "./resolve.ts";
export { recipeFromShorthand, type Shorthand } from "./shorthand.ts";
