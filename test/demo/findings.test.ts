/** Verdicts follow from what was measured, whichever way it comes out. */
import { describe, expect, it } from "vitest";
import { findingsOf, type Measured } from "../../src/demo/findings.ts";
import { pairedAverage } from "../../src/demo/paired-average.ts";
import type { EvaluationResults, Prediction, TaskPredictions } from "../../src/index.ts";

const ROWS = 200;

/** `right` of the rows are right: the first ones, so that a better model is right wherever a worse one is. */
function rows(model: string, language: string, right: number, task = "tc"): TaskPredictions {
  const predictions = Array.from({ length: ROWS }, (_, row): Prediction => {
    return { key: String(row), row, requestHash: "", correct: row < right, gold: "a", chosen: "a" };
  });
  return { model, task, language, split: "test", predictions };
}

interface Scores {
  readonly x: Readonly<Record<string, number>>;
  readonly along: readonly number[];
  readonly discarded: readonly number[];
  readonly pair: readonly [inX: number, inY: number];
  readonly unparsable: readonly [merged: number, tuned: number];
  readonly modelling: readonly [ct: number, merged: number];
}

/** Everything as the paper finds it. */
const AS_IN_THE_PAPER: Scores = {
  x: {
    base: 20,
    "ct-x": 40,
    sft: 60,
    "ctsft-x": 100,
    WAVG: 110,
    TIES: 140,
    "TIES-SV": 150,
    "TIES-paper": 90,
    "TIES-SV-paper": 110,
  },
  along: [100, 130, 140],
  discarded: [0.02, 0.07, 0.1],
  pair: [140, 100],
  unparsable: [3, 9],
  modelling: [190, 190],
};

function measured({ x, along, discarded, pair, unparsable, modelling }: Scores): Measured {
  const names = ["ct-x-100", "ct-x-200", "ct-x"];
  const point = (name: string, i: number) => ({ checkpoint: name, x: 100 * 2 ** i });
  const figures = (share: number) => ({ models: [{ model: "sft", discardedShare: share }] });
  const counted = (model: string, count: number) => ({ model, language: "Y", unparsable: { count } });
  return {
    test: {} as EvaluationResults,
    testRows: Object.entries(x).map(([model, right]) => rows(model, "X", right)),
    languages: {
      scores: [counted("TIES-Y", unparsable[0]), counted("ctsft-y", unparsable[1])],
      tasks: [{ scoring: "generation", rows: ROWS }],
    } as unknown as EvaluationResults,
    languageRows: [
      ...[rows("TIES", "X", 140), rows("TIES-Y", "Y", 100)],
      ...[rows("TIES-X-Y", "X", pair[0]), rows("TIES-X-Y", "Y", pair[1])],
    ],
    trajectory: {
      curves: [{ kind: "merged", points: names.map(point) }],
      conflicts: {
        analysed: "sft",
        series: { points: discarded.map((share) => ({ figures: figures(share) })) },
      },
    } as unknown as Measured["trajectory"],
    trajectoryRows: names.flatMap((name, i) => [
      rows(`merged ${name}`, "X", along[i] as number),
      rows(name, "X", 30),
    ]),
    modelling: [rows("ct-x", "X", modelling[0], "rs"), rows("TIES", "X", modelling[1], "rs")],
  };
}

const verdicts = (scores: Partial<Scores>) =>
  findingsOf(measured({ ...AS_IN_THE_PAPER, ...scores })).map(({ verdict }) => verdict);

describe("findings", () => {
  it("are shown where everything is as in the paper", () => {
    expect(new Set(verdicts({}))).toEqual(new Set(["shown"]));
    expect(verdicts({})).toHaveLength(11);
  });

  it.each<[string, number, Partial<Scores>, string]>([
    ["a merge below one of its models", 0, { x: { ...AS_IN_THE_PAPER.x, sft: 170 } }, "not shown"],
    ["a merge below CT-then-SFT", 1, { x: { ...AS_IN_THE_PAPER.x, "ctsft-x": 170 } }, "not shown"],
    ["a merge as good as CT-then-SFT", 1, { x: { ...AS_IN_THE_PAPER.x, "ctsft-x": 141 } }, "undecided"],
    ["averaging that is better", 2, { x: { ...AS_IN_THE_PAPER.x, WAVG: 160 } }, "not shown"],
    ["a checkpoint whose merge is worse", 3, { along: [10, 130, 140] }, "not shown"],
    ["merges that get worse with CT", 4, { along: [140, 120, 100] }, "not shown"],
    ["merges that go on rising as fast", 4, { along: [60, 100, 140] }, "not shown"],
    ["fewer conflicts with CT", 5, { discarded: [0.1, 0.07, 0.08] }, "not shown"],
    ["slack that harms", 6, { x: { ...AS_IN_THE_PAPER.x, "TIES-SV-paper": 60 } }, "not shown"],
    ["slack that changes nothing", 7, { x: { ...AS_IN_THE_PAPER.x, "TIES-SV": 140 } }, "undecided"],
    ["two languages worse than one", 8, { pair: [100, 100] }, "not shown"],
    ["two languages a little worse", 8, { pair: [139, 97] }, "undecided"],
    ["more outputs that are no text", 9, { unparsable: [9, 3] }, "not shown"],
    ["as many outputs that are no text", 9, { unparsable: [0, 0] }, "undecided"],
    ["language modelling that is lost", 10, { modelling: [190, 60] }, "not shown"],
  ])("tell %s", (_what, index, scores, verdict) => {
    expect(verdicts(scores)[index]).toBe(verdict);
  });
});

describe("a paired difference of averages", () => {
  it("is the mean over the tasks, with the variance of paired rows", () => {
    const all = [
      ...[rows("a", "X", 120, "tc"), rows("a", "X", 60, "math")],
      ...[rows("b", "X", 100, "tc"), rows("b", "X", 80, "math")],
    ];
    const { value, low, high } = pairedAverage(all, "X", "a", "b");
    expect(value).toBeCloseTo(0, 12);
    // Each task: 20 of 200 rows differ by 1, so that the mean is ±0.1 and the variance of rows 0.09 · 200 / 199.
    const half = (1.959963984540054 * Math.sqrt((2 * 0.09) / 199)) / 2;
    expect(high).toBeCloseTo(half, 12);
    expect(low).toBeCloseTo(-half, 12);
  });

  it("of a model with itself is nothing, without doubt", () => {
    expect(pairedAverage([rows("a", "X", 50)], "X", "a", "a")).toEqual({ value: 0, low: 0, high: 0 });
  });
});
