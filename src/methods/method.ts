/**
 * What a merge method is: a name, its parameters, and the arithmetic they resolve to for one tensor.
 * A method knows no files and no threads.
 */

/** A parameter as recipes spell it. `level`: per model (with top-level fallback), or top level only. */
export interface ParameterSpec {
  readonly name: string;
  readonly type: "number" | "boolean" | "choice" | "model" | "ignored";
  readonly level: "model" | "global";
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly default?: number | boolean | string;
  readonly required?: boolean;
  /** Whether it may vary by tensor, through gradients and filters. */
  readonly perTensor: boolean;
}

export type Scope = "tensor" | "model";
export type ZeroSignRule = "plus" | "majority" | "priority";

export interface TiesArithmetic {
  readonly kind: "ties";
  readonly weights: readonly number[];
  readonly densities: readonly number[];
  readonly lambda: number;
  readonly normalize: boolean;
  readonly rescale: boolean;
  readonly scope: Scope;
  readonly zeroSign: ZeroSignRule;
  readonly electionWeights: boolean;
  /** Index of the priority model, or null. */
  readonly priority: number | null;
  /** Share of the priority model's retained or discarded parameters that is given back; null for plain TIES. */
  readonly slack: { readonly share: number; readonly of: "retained" | "discarded" } | null;
}

export interface TaskArithmetic {
  readonly kind: "task";
  readonly weights: readonly number[];
  readonly lambda: number;
  readonly normalize: boolean;
}

export interface LinearArithmetic {
  readonly kind: "linear";
  readonly weights: readonly number[];
  readonly normalize: boolean;
}

/** Everything that the engine must know to merge one tensor: numbers only. */
export type Arithmetic = LinearArithmetic | TaskArithmetic | TiesArithmetic;

/** Values of a method's parameters, resolved for one tensor. */
export interface ParameterValues {
  number(name: string): number;
  boolean(name: string): boolean;
  choice(name: string): string;
  /** One number for each model, in recipe order. */
  numbers(name: string): number[];
  /** The model that a `model` parameter names, or null. */
  readonly priority: number | null;
}

export interface Method {
  readonly name: string;
  /** Whether the method works on task vectors, or on the models themselves. */
  readonly base: "required" | "ignored";
  readonly minModels: number;
  readonly parameters: readonly ParameterSpec[];
  arithmetic(values: ParameterValues): Arithmetic;
}
