/** Resolves a method's parameters for every tensor, and refuses values that cannot work together. */
import type { Arithmetic, Method, ParameterSpec, ParameterValues } from "../methods/method.ts";
import { layerPosition, type Recipe, resolveParameter, type TensorPosition } from "../recipe/recipe.ts";
import type { Problems } from "./problems.ts";

/** A sum of weights nearer to zero than this cannot be divided by (mergekit's bound). */
const SMALLEST_WEIGHT_SUM = 1e-8;

/** One parameter of one tensor as resolved, for `plan --explain`. */
export interface ExplainedParameter {
  readonly name: string;
  /** The model that the value is for, or null if it is for the tensor. */
  readonly model: string | null;
  readonly value: number | boolean | string;
}

/** The arithmetic of every named tensor; undefined, with problems collected, where a value is missing. */
export function resolveArithmetic(
  recipe: Recipe,
  method: Method,
  modelNames: readonly string[],
  names: readonly string[],
  layerCount: number,
  problems: Problems,
): Map<string, Arithmetic> | undefined {
  const missing = new Map<string, string[]>();
  const resolved = new Map<string, Arithmetic>();
  for (const name of names) {
    const values = new ResolvedValues(recipe, method, { name, position: layerPosition(name, layerCount) });
    const arithmetic = method.arithmetic(values);
    for (const { parameter, model } of values.missing) {
      const key = model === null ? parameter : `${parameter} of model ${modelNames[model]}`;
      missing.set(key, [...(missing.get(key) ?? []), name]);
    }
    resolved.set(name, arithmetic);
  }
  for (const [key, tensors] of missing) {
    problems.add(
      "RECIPE_INVALID",
      `Expected a value of ${key} for every tensor, but no filter matches ${tensors[0]}` +
        `${tensors.length > 1 ? ` and ${tensors.length - 1} more` : ""}; add one without a filter`,
      { parameter: key, tensors },
    );
  }
  if (missing.size > 0) return undefined;
  checkPriority(resolved, problems);
  checkWeightSums(resolved, problems);
  checkOneValue(resolved, problems);
  return resolved;
}

/** Every parameter as resolved for one tensor. */
export function explainTensor(
  recipe: Recipe,
  method: Method,
  modelNames: readonly string[],
  name: string,
  layerCount: number,
): ExplainedParameter[] {
  const tensor = { name, position: layerPosition(name, layerCount) };
  return method.parameters
    .filter((spec) => spec.type !== "ignored")
    .flatMap((spec): ExplainedParameter[] => {
      if (spec.type === "model") {
        const value = recipe.priorityIndex === null ? undefined : modelNames[recipe.priorityIndex];
        return value === undefined ? [] : [{ name: spec.name, model: null, value }];
      }
      const targets = spec.level === "model" ? modelNames.map((_, i) => i) : [null];
      return targets.flatMap((model) => {
        const value = resolveParameter(recipe, spec, model, tensor);
        if (value === undefined) return [];
        return [{ name: spec.name, model: model === null ? null : (modelNames[model] as string), value }];
      });
    });
}

class ResolvedValues implements ParameterValues {
  readonly missing: { parameter: string; model: number | null }[] = [];
  readonly priority: number | null;
  readonly #recipe: Recipe;
  readonly #method: Method;
  readonly #tensor: TensorPosition;

  constructor(recipe: Recipe, method: Method, tensor: TensorPosition) {
    this.#recipe = recipe;
    this.#method = method;
    this.#tensor = tensor;
    this.priority = recipe.priorityIndex;
  }

  number(name: string): number {
    return this.#value(name, null) as number;
  }

  boolean(name: string): boolean {
    return this.#value(name, null) as boolean;
  }

  choice(name: string): string {
    return this.#value(name, null) as string;
  }

  numbers(name: string): number[] {
    return this.#recipe.models.map((_, model) => this.#value(name, model) as number);
  }

  #value(name: string, model: number | null): number | boolean | string | undefined {
    const spec = this.#method.parameters.find((candidate) => candidate.name === name) as ParameterSpec;
    const value = resolveParameter(this.#recipe, spec, model, this.#tensor);
    if (value === undefined) this.missing.push({ parameter: name, model });
    return value;
  }
}

function checkPriority(resolved: ReadonlyMap<string, Arithmetic>, problems: Problems): void {
  const [arithmetic] = resolved.values();
  if (arithmetic?.kind !== "ties" || arithmetic.zeroSign !== "priority" || arithmetic.priority !== null)
    return;
  problems.add(
    "RECIPE_INVALID",
    "Expected priority to name one of the models with zero_sign: priority, but it is missing; add it under parameters",
    { parameter: "priority" },
  );
}

function checkWeightSums(resolved: ReadonlyMap<string, Arithmetic>, problems: Problems): void {
  for (const [name, arithmetic] of resolved) {
    if (arithmetic.kind === "ties" || !arithmetic.normalize) continue;
    const sum = arithmetic.weights.reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum) >= SMALLEST_WEIGHT_SUM) continue;
    problems.add(
      "RECIPE_INVALID",
      `Expected weights with a sum that can be divided by, but those of ${name} sum to ${sum}; ` +
        "change a weight, or set normalize: false",
      { tensor: name, weights: arithmetic.weights },
    );
    return;
  }
}

/** One cut over the whole model needs one density, slack and rescale. */
function checkOneValue(resolved: ReadonlyMap<string, Arithmetic>, problems: Problems): void {
  const [first] = resolved;
  if (first === undefined || first[1].kind !== "ties" || first[1].scope !== "model") return;
  const shared = (arithmetic: Arithmetic): Record<string, unknown> =>
    arithmetic.kind !== "ties"
      ? {}
      : {
          density: arithmetic.densities.join(", "),
          slack: arithmetic.slack?.share,
          rescale: arithmetic.rescale,
        };
  const expected = shared(first[1]);
  for (const [name, arithmetic] of resolved) {
    const found = shared(arithmetic);
    const differing = Object.keys(expected).find((key) => found[key] !== expected[key]);
    if (differing === undefined) continue;
    problems.add(
      "RECIPE_INVALID",
      `Expected one ${differing} for all tensors with scope: model, but received ` +
        `${expected[differing]} for ${first[0]} and ${found[differing]} for ${name}`,
      { parameter: differing, tensors: [first[0], name] },
    );
    return;
  }
}
