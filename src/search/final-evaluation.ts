/** Each method's winner on the test rows, once, beside the unmerged models. */
import type { EvaluationProgress } from "../evaluate/evaluate.ts";
import { locatedRecipe } from "../plan/located-recipe.ts";
import { recipeAt, recipeHash } from "./candidate-recipe.ts";
import type { Candidate, CandidateRunner } from "./candidates.ts";
import type { TestRecord } from "./journal.ts";
import type { PreparedSearch } from "./prepare-search.ts";
import type { Parameters, SearchResults, TestedModel } from "./results.ts";
import type { MethodSpec } from "./spec.ts";

/** What is to be merged at a point of a method. */
export function candidateOf(
  { method, parameters }: { readonly method: MethodSpec; readonly parameters: Parameters },
  { inputsHash }: PreparedSearch,
): Candidate {
  const recipe = locatedRecipe(recipeAt(method, parameters));
  const hash = recipeHash(JSON.stringify([recipe, inputsHash])).slice(0, 32);
  return { name: method.name, recipe, hash };
}

/** Evaluates the winners and the unmerged models of a spec; every later model is compared with the first. */
export async function finalEvaluation(
  { winners, best }: SearchResults,
  prepared: PreparedSearch,
  runner: CandidateRunner,
  options: { answers: string; onProgress: (progress: EvaluationProgress) => void },
): Promise<TestRecord> {
  const { spec, tasks } = prepared;
  const started = performance.now();
  const unmerged = spec.final?.models ?? [];
  const candidates = winners.map(({ method, parameters }) =>
    candidateOf({ method: methodNamed(prepared, method), parameters }, prepared),
  );
  const results = await runner.compare(unmerged, candidates, tasks.test ?? [], options);
  const models = results.models.map(({ name }, i): TestedModel => {
    const winner = winners[i - unmerged.length];
    if (winner === undefined) return { name, kind: "unmerged", method: null, trial: null, isBest: false };
    const { method, trial } = winner;
    return { name, kind: "winner", method, trial, isBest: method === best };
  });
  // Where a candidate lay for a moment means nothing afterwards.
  const named = results.models.map((model, i) => ({
    ...model,
    reference: models[i]?.trial ?? model.reference,
  }));
  return {
    kind: "test",
    key: "test",
    models,
    results: { ...results, models: named },
    seconds: (performance.now() - started) / 1000,
    finishedAt: new Date().toISOString(),
  };
}

function methodNamed({ spec }: PreparedSearch, name: string): MethodSpec {
  return spec.methods.find((method) => method.name === name) as MethodSpec;
}
