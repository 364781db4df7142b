/** The account of a search: what was tuned on which rows, in what space, with what trials, at what cost. */
import type { SearchMethod, SearchResults, SearchVariable, Trial } from "../search/results.ts";
import { type Cell, type ReportSection, type ReportTable, right } from "./document.ts";
import { percent, three, whole } from "./numbers.ts";
import { valuesOf } from "./search-grid.ts";

/** Rows of the table of trials, for each method. */
const LISTED_TRIALS = 10;

/** On which rows every choice was made. */
export function tuningSection({ tunedOn, objective, halving }: SearchResults): ReportSection {
  const halved =
    halving === null
      ? []
      : [
          `Successive halving: all candidates on ${halving.rows} rows of each task, then one in ${halving.factor} on ${halving.factor} times as many, and so on.`,
        ];
  return {
    title: "What was tuned on which rows",
    paragraphs: [
      `Every choice was made on these rows and no others, by this objective: ${objective}. The hash names exactly these rows.`,
      ...halved,
    ],
    tables: [
      {
        columns: [
          ...["task", "language", "split"].map((title) => ({ title })),
          right("rows"),
          ...["data", "hash"].map((title) => ({ title })),
        ],
        rows: tunedOn.map(({ task, language, split, rows, data, hash }) => [
          ...[task, language, split, whole(rows), data, hash.slice(0, 16)],
        ]),
      },
    ],
  };
}

/** The variables of every method. */
export function spaceSection({ methods, strategy, seed }: SearchResults): ReportSection {
  const seeded = strategy === "grid" ? "" : `, seed ${seed}`;
  return {
    title: "What was tried",
    paragraphs: [`Strategy: ${strategy}${seeded}.`],
    tables: [
      {
        columns: [...["method", "variable", "values"].map((title) => ({ title })), right("trials")],
        rows: methods.flatMap(variableRows),
      },
    ],
  };
}

function variableRows({ name, variables, where, trialCount }: SearchMethod): string[][] {
  const conditions = where.map((condition) => [name, "where", condition, ""]);
  if (variables.length === 0) return [[name, "–", "–", whole(trialCount)]];
  const rows = variables.map((variable, i) => [
    ...[name, variable.name, valuesText(variable)],
    i === 0 ? whole(trialCount) : "",
  ]);
  return [...rows, ...conditions];
}

function valuesText({ values, range, when }: SearchVariable): string {
  const own =
    values === null
      ? `${range?.from} to ${range?.to}${range?.scale === "log" ? ", on a log scale" : ""}`
      : values.map(String).join(", ");
  if (when === null) return own;
  const conditions = Object.entries(when.variables).map(
    ([name, of]) => `${name} is ${of.map(String).join(" or ")}`,
  );
  return `${own} where ${conditions.join(" and ")}, else ${String(when.otherwise)}`;
}

/** The best trials of each method, and every one that failed. */
export function trialsSection({ methods, trials, winners }: SearchResults): ReportSection {
  const tables = methods.flatMap(({ name }): ReportTable[] => {
    const own = trials.filter((trial) => trial.method === name && trial.status === "done");
    const best = [...own].sort((a, b) => (b.objective ?? 0) - (a.objective ?? 0)).slice(0, LISTED_TRIALS);
    const won = winners.find((winner) => winner.method === name)?.trial;
    return best.length === 0
      ? []
      : [trialTable(`${name}: the best ${best.length} of ${own.length}`, best, won)];
  });
  const failed = trials.filter(({ status }) => status === "failed");
  const failures: ReportTable[] =
    failed.length === 0
      ? []
      : [
          {
            title: "Failed",
            columns: ["trial", "values", "why"].map((title) => ({ title })),
            rows: failed.map(({ id, parameters, error }) => [id, valuesOf(parameters), error ?? ""]),
          },
        ];
  return { title: "Trials", tables: [...tables, ...failures] };
}

function trialTable(title: string, trials: readonly Trial[], won: string | undefined): ReportTable {
  const tasks = (trials[0]?.scores ?? []).map(({ task, language }) => `${task} ${language}`);
  return {
    title,
    columns: [...["trial", "values"].map((name) => ({ title: name })), ...["objective", ...tasks].map(right)],
    rows: trials.map((trial): Cell[] => [
      trial.id === won ? { text: trial.id, rank: 1 } : trial.id,
      valuesOf(trial.parameters),
      percent(trial.objective),
      ...trial.scores.map(({ value }) => percent(value, 1)),
    ]),
  };
}

/** Time, and merging's share of it. */
export function costSection({ cost }: SearchResults): ReportSection {
  const rows: [string, string][] = [
    ["trials", whole(cost.trials)],
    ["time, all processes added up", seconds(cost.seconds)],
    ["of that merging", `${seconds(cost.mergeSeconds)} (${percent(cost.mergeShare, 1)} of the trials' time)`],
    ["of that evaluating candidates", seconds(cost.evaluateSeconds)],
    ["of that the final test", seconds(cost.testSeconds)],
    ["a trial's merge, median", seconds(cost.mergeSecondsPerTrial)],
    ["a trial's evaluation, median", seconds(cost.evaluateSecondsPerTrial)],
    ["rows answered", whole(cost.evaluatedRows)],
    ["tokens evaluated", whole(cost.evaluatedTokens)],
    ["machines", cost.hosts.join(", ")],
  ];
  return { title: "Time and cost", tables: [{ columns: [{ title: "what" }, right("how much")], rows }] };
}

const seconds = (value: number) => `${three(value)} s`;
