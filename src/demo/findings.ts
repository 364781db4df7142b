/** The paper's findings, held against the demonstration's own figures: nothing here knows how they come out. */
import type { EvaluationResults, TaskPredictions } from "../evaluate/results.ts";
import type { TrajectoryResults } from "../trajectory/results.ts";
import { type Difference, pairedAverage } from "./paired-average.ts";
import type { Finding } from "./results.ts";

/** Everything that was measured. */
export interface Measured {
  readonly test: EvaluationResults;
  readonly testRows: readonly TaskPredictions[];
  readonly languages: EvaluationResults;
  readonly languageRows: readonly TaskPredictions[];
  readonly trajectory: TrajectoryResults;
  readonly trajectoryRows: readonly TaskPredictions[];
  /** Response selection, which language modelling alone solves. */
  readonly modelling: readonly TaskPredictions[];
}

/** In the order of the paper. */
export function findingsOf(measured: Measured): Finding[] {
  return [
    ...comparisons(measured),
    ...alongTraining(measured),
    ...slack(measured),
    twoLanguages(measured),
    unparsable(measured),
    languageModelling(measured),
  ];
}

function comparisons({ testRows }: Measured): Finding[] {
  const against = (other: string) => pairedAverage(testRows, "X", "TIES", other);
  const alone = ["ct-x", "sft", "base"].map((name) => ({ name, ...against(name) }));
  const least = alone.reduce((a, b) => (a.value <= b.value ? a : b));
  return [
    {
      paper: "A merge solves tasks in the language better than each of its models",
      where: "Table 3",
      verdict: verdictOf(least),
      measured: `TIES against ${alone.map((own) => `${own.name}: ${told(own)}`).join("; ")}`,
    },
    finding(
      "Merging beats CT-then-SFT where there is little text",
      "Table 3",
      "TIES against CT-then-SFT",
      against("ctsft-x"),
    ),
    finding("TIES beats weighted averaging", "Table 3", "TIES against WAVG", against("WAVG")),
  ];
}

function alongTraining({ trajectory, trajectoryRows }: Measured): Finding[] {
  const points = trajectory.curves.find(({ kind }) => kind === "merged")?.points ?? [];
  const names = points.map(({ checkpoint }) => checkpoint as string);
  const steps = points.map(({ x }) => x);
  const above = names.map((name) => pairedAverage(trajectoryRows, "X", `merged ${name}`, name));
  const least = above.reduce((a, b) => (a.low <= b.low ? a : b));
  const [first, middle, last] = names.map((name) => `merged ${name}`) as [string, string, string];
  const early = pairedAverage(trajectoryRows, "X", middle, first);
  const late = pairedAverage(trajectoryRows, "X", last, middle);
  return [
    {
      paper: "At every checkpoint of CT the merge is better than CT alone",
      where: "Figure 2",
      verdict: verdictOf(least),
      measured: above.map((own, i) => `at ${steps[i]} steps ${told(own)}`).join("; "),
    },
    {
      paper: "With more CT the merge gains less and less",
      where: "Figure 2",
      verdict: plateau(early, late),
      measured: `from ${steps[0]} to ${steps[1]} steps ${told(early)}, from there to ${steps[2]} ${told(late)}`,
    },
    ...conflictsGrow(trajectory),
  ];
}

/** First a rise, then less than that. */
function plateau(early: Difference, late: Difference): Finding["verdict"] {
  if (early.low > 0 && late.value < early.value) return "shown";
  return early.value <= 0 || late.low > 0 ? "not shown" : "undecided";
}

/** Counts are exact: no interval. */
function conflictsGrow({ conflicts }: TrajectoryResults): Finding[] {
  if (conflicts === null) return [];
  const shares = conflicts.series.points.map(
    ({ figures }) => figures.models.find(({ model }) => model === conflicts.analysed)?.discardedShare ?? 0,
  );
  const grows = shares.every((share, i) => i === 0 || share > (shares[i - 1] as number));
  return [
    {
      paper: "With more CT more of the SFT model is discarded",
      where: "Figure 4",
      verdict: grows ? "shown" : "not shown",
      measured: `discarded ÷ retained: ${shares.map((share) => `${(100 * share).toFixed(1)} %`).join(", ")}`,
    },
  ];
}

function slack({ testRows }: Measured): Finding[] {
  const atPaper = pairedAverage(testRows, "X", "TIES-SV-paper", "TIES-paper");
  const tuned = pairedAverage(testRows, "X", "TIES-SV", "TIES");
  const paper = "Slack makes TIES better";
  return [
    finding(`${paper}: 4 % at the paper's densities`, "Section 6.2", "TIES-SV against TIES", atPaper),
    finding(`${paper}: each method tuned`, "Section 6.2", "TIES-SV against TIES", tuned),
  ];
}

function twoLanguages({ languageRows }: Measured): Finding {
  const inX = pairedAverage(languageRows, "X", "TIES-X-Y", "TIES");
  const inY = pairedAverage(languageRows, "Y", "TIES-X-Y", "TIES-Y");
  const isWorse = [inX, inY].some(({ high }) => high < 0);
  const isClose = [inX, inY].every(({ low }) => low > -COMPARABLE);
  return {
    paper: "One model for two languages is about as good as one for each",
    where: "Table 5",
    verdict: isWorse ? "not shown" : isClose ? "shown" : "undecided",
    measured: `TIES of X and Y against TIES of X, in X: ${told(inX)}; against TIES of Y, in Y: ${told(inY)}`,
  };
}

/** In the paper the largest loss is 1.95 points. */
const COMPARABLE = 0.02;

function unparsable({ languages }: Measured): Finding {
  const of = (model: string) =>
    languages.scores.find(
      (score) => score.model === model && score.language === "Y" && score.unparsable !== undefined,
    )?.unparsable?.count ?? 0;
  const rows = languages.tasks.find(({ scoring }) => scoring === "generation")?.rows ?? 0;
  const [merged, tuned] = [of("TIES-Y"), of("ctsft-y")];
  return {
    paper: "Merges write fewer outputs that are no text than CT-then-SFT",
    where: "Section 8.1",
    verdict: merged < tuned ? "shown" : merged > tuned ? "not shown" : "undecided",
    measured: `in Y, of ${rows} answers to sums: TIES ${merged}, CT-then-SFT ${tuned}`,
  };
}

function languageModelling({ modelling }: Measured): Finding {
  const difference = pairedAverage(modelling, "X", "TIES", "ct-x");
  return {
    paper: "A merge keeps the language modelling of CT",
    where: "Sections 1 and 5",
    verdict: difference.high < 0 ? "not shown" : difference.low > -COMPARABLE ? "shown" : "undecided",
    measured: `response selection, which language modelling alone solves, TIES against CT: ${told(difference)}`,
  };
}

function finding(paper: string, where: string, what: string, difference: Difference): Finding {
  return { paper, where, verdict: verdictOf(difference), measured: `${what}: ${told(difference)}` };
}

function verdictOf({ low, high }: Difference): Finding["verdict"] {
  if (low > 0) return "shown";
  return high < 0 ? "not shown" : "undecided";
}

/** `+11.7 points (7.9 to 15.4)`. */
function told({ value, low, high }: Difference): string {
  const points = (share: number) => (100 * share).toFixed(1).replace("-", "−");
  return `${value < 0 ? "" : "+"}${points(value)} points (${points(low)} to ${points(high)})`;
}
