/** A small trajectory as data: merges and checkpoints, a model beside all of them, and one beside each. */
import type { ConflictsReport, TrajectoryResults } from "tiesmith";
import { averagesOf } from "../../src/evaluate/evaluate.ts";
import type { Score } from "../../src/evaluate/results.ts";
import { accuracy } from "../../src/evaluate/statistics.ts";
import { exampleEvaluation } from "./example-evaluation.ts";

export const TRAJECTORY_FIGURES = [
  "trajectory-average",
  "trajectory-uig",
  "trajectory-tam",
  "discarded-by-checkpoint",
  "conflicts-by-checkpoint",
];

const ROWS = 50;
const CHECKPOINTS = ["ct-x-100", "ct-x-200", "ct-x"];
const X = [100, 200, 400];

export function exampleTrajectory({ series, analysed, recipe }: ConflictsReport): TrajectoryResults {
  const { tasks } = exampleEvaluation().results;
  const pointOf = (right: number, checkpoint: string | null, x: number | null) => {
    const scores = tasks.map(({ task, language }, t): Score => {
      const correct = right + t;
      const common = { model: "m", task, language, ...accuracy(correct, ROWS), correct, rows: ROWS };
      return {
        ...common,
        ...{ cachedRows: 0, seconds: 1, rowsPerSecond: 9, evaluatedTokens: 1, requestedTokens: 1 },
      };
    });
    const averages = averagesOf("m", scores);
    return { checkpoint, x, reference: null, modelHash: "00", scores, averages, mergeSeconds: null };
  };
  const along = (rights: readonly number[]) =>
    rights.map((right, i) => pointOf(right, CHECKPOINTS[i] ?? null, X[i] ?? null));
  return {
    ...{ format: 1, tiesmith: "0.1.0", createdAt: "2026-01-01T00:00:00.000Z", method: "ties_sv", recipe },
    ...{ replaced: "ct-x", xTitle: "steps", tasks, backend: { backend: "llama" } },
    curves: [
      { name: "merged", kind: "merged", points: along([20, 30, 33]) },
      { name: "ct-x alone", kind: "alone", points: along([5, 8, 12]) },
      { name: "CT-then-SFT", kind: "other", points: along([10, 22, 35]) },
      { name: "SFT", kind: "other", points: [pointOf(15, null, null)] },
    ],
    conflicts: series === null ? null : { analysed, series },
    ...{ seconds: 60, mergeSeconds: 2, notes: [] },
  };
}
