/** What the demonstration comes to: plain data, in report.json. */
import type { EvaluationResults } from "../evaluate/results.ts";
import type { SearchResults } from "../search/results.ts";
import type { TrajectoryResults } from "../trajectory/results.ts";

/** One of the paper's findings, held against what was measured. */
export interface Finding {
  /** What the paper finds, and where. */
  readonly paper: string;
  readonly where: string;
  /** `shown`: the measured 95 % interval lies on the paper's side; `undecided`: it holds zero. */
  readonly verdict: "shown" | "not shown" | "undecided";
  readonly measured: string;
}

export interface DemoResults {
  readonly format: 1;
  readonly tiesmith: string;
  readonly createdAt: string;
  readonly fast: boolean;
  /** On the dev rows of X; its `test` is the comparison on the test rows. */
  readonly search: SearchResults;
  /** Unmerged models, winners, and the paper's densities, on the test rows of X. */
  readonly test: EvaluationResults;
  /** One model for two languages beside those for one, on the test rows of X and Y. */
  readonly languages: EvaluationResults;
  readonly trajectory: TrajectoryResults;
  readonly findings: readonly Finding[];
  readonly caveats: readonly string[];
  readonly seconds: number;
}
