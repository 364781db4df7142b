/** A small search as data: WAVG over one variable, TIES over three, TIES-SV with slack, and a method of ranges. */
import { average } from "../../src/evaluate/statistics.ts";
import type {
  Parameters,
  SearchMethod,
  SearchResults,
  SearchVariable,
  Trial,
  TrialScore,
  Winner,
} from "../../src/search/results.ts";
import { exampleEvaluation } from "./example-evaluation.ts";

export const SEARCH_FIGURES = [
  "test-average",
  "test-uig",
  "test-tam",
  "grid-ties-objective",
  "grid-ties-sib200-uig",
  "grid-ties-sib200-tam",
  "grid-wavg-objective",
  "grid-ties-sv-objective",
  "grid-ta-objective",
  "slack-ties-sv",
];

const listed = (name: string, ...values: number[]): SearchVariable => {
  return { name, values, range: null, when: null };
};
const ranged = (name: string, scale: "linear" | "log"): SearchVariable => {
  return { name, values: null, range: { from: 0.1, to: 2, step: null, scale }, when: null };
};

const K_CT = listed("k_ct", 0.01, 0.2, 0.6, 1);
const K_SFT = listed("k_sft", 0.2, 0.8);
const LAMBDA = listed("lambda", 1, 1.5);
const SLACK = listed("slack", 0, 0.04, 0.08);

/** As a recipe has it. */
const variable = (name: string) => `\${${name}}`;
const line = (key: string, name: string) => `${key}: ${variable(name)}\n`;

const DENSITIES = line("density", "k_ct") + line("density", "k_sft") + line("lambda", "lambda");

const METHODS: readonly SearchMethod[] = [
  methodOf("wavg", "linear", line("weight", "w"), [listed("w", 0.25, 0.5, 1)]),
  methodOf("ties", "ties", DENSITIES, [LAMBDA, K_CT, K_SFT]),
  methodOf("ties_sv", "ties_sv", DENSITIES + line("slack", "slack"), [K_CT, K_SFT, SLACK]),
  methodOf("ta", "task_arithmetic", line("weight", "a") + line("weight", "b"), [
    ranged("a", "linear"),
    ranged("b", "log"),
  ]),
];

function methodOf(
  name: string,
  mergeMethod: string,
  template: string,
  variables: readonly SearchVariable[],
): SearchMethod {
  return { name, mergeMethod, template, folder: null, variables, where: [], trialCount: 0 };
}

function pointsOf(variables: readonly SearchVariable[]): Parameters[] {
  return variables.reduce<Parameters[]>(
    (points, { name, values }) =>
      points.flatMap((point) => (values ?? [0.1, 0.7, 2]).map((value) => ({ ...point, [name]: value }))),
    [{}],
  );
}

/** Anything that differs by trial and task. */
function scoreOf(parameters: Parameters, task: string, language: string): TrialScore {
  const sum = Object.values(parameters).reduce<number>(
    (total, value, i) => total + Number(value) / (i + 2),
    0,
  );
  const correct = Math.round(50 * Math.min(0.95, 0.2 + sum / 2 + (language === "tam" ? 0.04 : 0)));
  const value = correct / 50;
  return {
    task,
    language,
    value,
    standardError: 0.05,
    low: value - 0.1,
    high: value + 0.1,
    correct,
    rows: 50,
  };
}

function trialsOf({ name, variables }: SearchMethod): Trial[] {
  return pointsOf(variables).map((parameters, number): Trial => {
    const scores = [scoreOf(parameters, "sib200", "uig"), scoreOf(parameters, "sib200", "tam")];
    const failed = name === "wavg" && number === 1;
    return {
      ...{ id: `${name}-${number}`, method: name, number, parameters, status: failed ? "failed" : "done" },
      objective: failed ? null : average(scores).value,
      scores: failed ? [] : scores,
      ...{ rows: 50, mergeSeconds: 0.2, evaluateSeconds: 1.8, evaluatedTokens: 900, recipeHash: "aa" },
      ...{ modelHash: failed ? null : "bb", error: failed ? "Found NaN in lm_head.weight[3]" : null },
      ...{ host: "node1", finishedAt: "2026-01-01T00:00:00.000Z" },
    };
  });
}

function winnerOf(method: SearchMethod, trials: readonly Trial[]): Winner {
  const own = trials.filter((trial) => trial.method === method.name && trial.objective !== null);
  const best = own.reduce((most, trial) => ((trial.objective ?? 0) > (most.objective ?? 0) ? trial : most));
  const { id, parameters, objective, scores } = best;
  const recipe = `merge_method: ${method.mergeMethod}\n# ${JSON.stringify(parameters)}\n`;
  return { method: method.name, trial: id, parameters, objective: objective as number, scores, recipe };
}

export function exampleSearch(): SearchResults {
  const trials = METHODS.flatMap(trialsOf);
  const winners = METHODS.map((method) => winnerOf(method, trials));
  const { results } = exampleEvaluation();
  return {
    ...{
      format: 1,
      tiesmith: "0.1.0",
      createdAt: "2026-01-01T00:00:00.000Z",
      spec: "search.yaml",
      digest: "dd",
    },
    ...{
      strategy: "grid",
      seed: 1,
      halving: { rows: 10, factor: 3 },
      objective: "average over the languages",
    },
    methods: METHODS,
    tunedOn: ["uig", "tam"].map((language) => {
      return {
        task: "sib200",
        language,
        split: "dev",
        rows: 50,
        data: `data/${language}.tsv`,
        hash: "0123456789abcdef01",
      };
    }),
    trials,
    complete: true,
    winners,
    best: "ties",
    test: results,
    testedModels: [
      { name: "base", kind: "unmerged", method: null, trial: null, isBest: false },
      { name: "sft-flan", kind: "winner", method: "ties", trial: "ties-15", isBest: true },
    ],
    cost: {
      ...{ trials: trials.length, seconds: 60, mergeSeconds: 6, evaluateSeconds: 44, testSeconds: 10 },
      ...{ mergeShare: 0.12, evaluatedRows: 5000, evaluatedTokens: 90000, mergeSecondsPerTrial: 0.2 },
      ...{ evaluateSecondsPerTrial: 1.8, hosts: ["node1", "node2"] },
    },
    notes: [],
  };
}
