/** A small evaluation as data: two models, three tasks in two languages, texts in several scripts. */
import type { EvaluationResults, Prediction, TaskPredictions } from "tiesmith";
import { averagesOf } from "../../src/evaluate/evaluate.ts";
import type { EvaluatedTask, Score } from "../../src/evaluate/results.ts";
import { scoreOf } from "../../src/evaluate/run-task.ts";
import { pairedBootstrap } from "../../src/evaluate/statistics.ts";

export const EVALUATION_FIGURES = ["scores-average", "scores-uig", "scores-tam"];

const MODELS = ["base", "sft-flan"];
const TASKS = [
  ["sib200", "SIB-200", "uig", "Uyghur"],
  ["mlic-math", "Math", "uig", "Uyghur"],
  ["sib200", "SIB-200", "tam", "Tamil"],
] as const;

/** Who is right in each row, for each model: the same in every task. */
const RIGHT = [
  [true, false, false, true],
  [true, true, false, false],
];

const PROMPTS = [
  "بۇ تېكىست نېمە ھەققىدە؟",
  "இந்த உரை எதைப் பற்றியது?\nவிடை:",
  `<b>&amp; "quoted"</b>`,
  "a long line without an end ".repeat(80),
];

export function exampleEvaluation(): { results: EvaluationResults; predictions: TaskPredictions[] } {
  const predictions = MODELS.flatMap((model, m) =>
    TASKS.map(([task, , language]): TaskPredictions => {
      return { model, task, language, split: "test", predictions: rowsOf(m, task === "mlic-math") };
    }),
  );
  const scores = predictions.map(
    (own): Score => ({
      ...{ model: own.model, task: own.task, language: own.language },
      ...scoreOf(own.predictions),
      ...{ cachedRows: 0, seconds: 1, rowsPerSecond: 4, evaluatedTokens: 40, requestedTokens: 80 },
    }),
  );
  const results: EvaluationResults = {
    format: 1,
    tiesmith: "0.1.0",
    createdAt: "2026-01-01T00:00:00.000Z",
    backend: { backend: "llama", type: "f32" },
    models: MODELS.map((name) => ({ name, reference: `models/${name}`, hash: "00ff" })),
    tasks: TASKS.map(([task, column, language, languageName]): EvaluatedTask => {
      const metric = task === "mlic-math" ? "exact match" : "accuracy";
      const asked = {
        split: "test",
        prompt: "english",
        shots: 0,
        metric,
        scoring: "letter",
        rows: 4,
      } as const;
      return {
        task,
        title: column,
        column,
        language,
        languageName,
        ...asked,
        data: "data/x.tsv",
        drawn: null,
      };
    }),
    scores,
    averages: MODELS.flatMap((model) => averagesOf(model, scores)),
    comparisons: TASKS.map(([task, , language]) => ({
      ...{ first: "sft-flan", second: "base", task, language },
      ...pairedBootstrap(RIGHT[1] as boolean[], RIGHT[0] as boolean[]),
    })),
    notes: [],
  };
  return { results, predictions };
}

function rowsOf(model: number, isGenerated: boolean): Prediction[] {
  return PROMPTS.map((prompt, row): Prediction => {
    const correct = RIGHT[model]?.[row] as boolean;
    const common = { key: String(row + 1), row: row + 1, requestHash: "ab", correct, prompt };
    if (!isGenerated) {
      const by = { none: correct, characters: correct, bytes: correct };
      const chosen = correct ? "sports" : "politics";
      return { ...common, gold: "sports", chosen, choices: ["sports", "politics"], scores: [-1, -2], by };
    }
    const chosen = correct ? "12" : null;
    return { ...common, gold: "12", chosen, text: " ?", bytes: "IOE=", ended: "end", unparsableAt: 1 };
  });
}
