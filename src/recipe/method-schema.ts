/** What the recipe layer must know of a method; the objects of src/methods satisfy it structurally. */

/**
 * What a parameter's value is. `model`: a reference that must be one of the recipe's models
 * (`priority`). `ignored`: accepted so that recipes of other tools run, without effect on the result
 * (`int8_mask`), and noted.
 */
export type ParameterType = "number" | "boolean" | "choice" | "model" | "ignored";

/** One parameter of a method: its name, type, place, range and default. */
export interface ParameterSpec {
  /** As a recipe spells it: `density`, `zero_sign`, `lambda`. */
  readonly name: string;
  readonly type: ParameterType;
  /** `model`: under `models[].parameters`, else top-level `parameters`; `global`: only the latter. */
  readonly level: "model" | "global";
  /** The accepted words of a `choice`. */
  readonly choices?: readonly string[];
  /** Smallest accepted number, inclusive. */
  readonly min?: number;
  /** Largest accepted number, inclusive. */
  readonly max?: number;
  /** The value where no setting matches; undefined when there is none. */
  readonly default?: number | boolean | string;
  /** Whether every model (or the recipe, for `global`) must set it. */
  readonly required?: boolean;
  /** Whether it may vary by tensor: filters, and gradients for numbers. Otherwise a plain scalar. */
  readonly perTensor: boolean;
}

/** A method as the recipe layer sees it. */
export interface MethodSchema {
  /** As `merge_method` spells it. */
  readonly name: string;
  /** Whether the method merges task vectors (`required`) or the models themselves (`ignored`). */
  readonly base: "required" | "ignored";
  /** Fewest models, not counting the base of a method that requires one. */
  readonly minModels: number;
  readonly parameters: readonly ParameterSpec[];
}
