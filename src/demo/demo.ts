/** `demo`: the paper's experiment in miniature, from merging to findings. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { conflicts } from "../conflicts/conflicts.ts";
import { type EvaluationProgress, evaluate } from "../evaluate/evaluate.ts";
import type { EvaluationResults, TaskPredictions } from "../evaluate/results.ts";
import { throwIfInterrupted } from "../execute/with-pool.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import { checkReportFolder } from "../report/write-report.ts";
import { search } from "../search/api.ts";
import type { SearchResults, TestedModel } from "../search/results.ts";
import { trajectory } from "../trajectory/api.ts";
import { VERSION } from "../version.ts";
import { findingsOf } from "./findings.ts";
import { mergeAll, recipesOf } from "./merges.ts";
import type { DemoOptions } from "./options.ts";
import type { DemoResults } from "./results.ts";
import { CHECKPOINTS, FAST, FULL, SmallExperiment, TASKS } from "./small-experiment.ts";
import { RUN_FOLDERS, writeDemo } from "./write-demo.ts";

/** From the README of the experiment: what no figure here can tell. */
const CAVEATS = [
  "This is a demonstration and a test, not evidence for the paper: models of a million parameters, on languages that were made up.",
  "Its setting was chosen after others in which merging gained less or nothing.",
  "The parameters were tuned on 50 dev rows a task; a score of 200 test rows has a standard error of about 3 points, an average of three tasks of about 2.",
  "The parameters of the merges for Y, and for X and Y, are those that were tuned on X.",
];

/** What the merges stand beside: in X, and for two languages. */
const UNMERGED = ["base", "ct-x", "sft", "ctsft-x"];
const PAIR = ["sft", "ct-x", "ct-y", "ctsft-y"];

/** See `api.ts`. */
export async function demo(options: DemoOptions): Promise<DemoResults> {
  const started = performance.now();
  const experiment = new SmallExperiment(options.examples);
  const { fast = false } = options;
  checkReportFolder(options.out, RUN_FOLDERS);
  const folder = join(resolve(options.out), fast ? "fast" : "full");
  mkdirSync(folder, { recursive: true });
  const run = new DemoRun(experiment, folder, options);
  const [searched] = await Promise.all([run.search(), run.unmerged()]);
  const recipes = recipesOf(searched, experiment);
  const models = await run.merge(recipes);
  const test = await run.test(models);
  const languages = await run.languages(models);
  const modelling = await run.modelling(models);
  const ties = recipes.find(({ name }) => name === "TIES")?.recipe as RecipeInput;
  const along = await run.trajectory(ties);
  const results: DemoResults = {
    format: 1,
    tiesmith: VERSION,
    createdAt: new Date().toISOString(),
    fast,
    search: tested(searched, test.results),
    test: test.results,
    languages: languages.results,
    trajectory: along.results,
    findings: findingsOf({
      ...{ test: test.results, testRows: test.rows, modelling: modelling.rows },
      ...{ languages: languages.results, languageRows: languages.rows },
      ...{ trajectory: along.results, trajectoryRows: along.rows },
    }),
    caveats: fast
      ? [
          ...CAVEATS,
          "This was the fast run: few densities were tried, and few rows asked. The full one tells more.",
        ]
      : CAVEATS,
    seconds: (performance.now() - started) / 1000,
  };
  options.onStep?.("Writing the report");
  const analysis = await conflicts(ties, {
    slackCurve: true,
    threads: options.threads,
    signal: options.signal,
  });
  await writeDemo(results, options.out, { conflicts: analysis, predictions: test.rows });
  return results;
}

/** The search's own form of a final evaluation. */
function tested(results: SearchResults, test: EvaluationResults): SearchResults {
  const testedModels = test.models.map(({ name }): TestedModel => {
    const winner = results.winners.find(({ method }) => method === name);
    const common = { name, method: winner?.method ?? null, trial: winner?.trial ?? null };
    return { ...common, kind: winner === undefined ? "unmerged" : "winner", isBest: name === results.best };
  });
  return { ...results, test, testedModels };
}

interface Evaluated {
  readonly results: EvaluationResults;
  readonly rows: readonly TaskPredictions[];
}

/** One run of the demonstration: its parts, in their order. */
class DemoRun {
  readonly #experiment: SmallExperiment;
  readonly #folder: string;
  readonly #options: DemoOptions;

  constructor(experiment: SmallExperiment, folder: string, options: DemoOptions) {
    this.#experiment = experiment;
    this.#folder = folder;
    this.#options = options;
  }

  async search(): Promise<SearchResults> {
    const { fast = false, threads, signal } = this.#options;
    const spec = this.#experiment.searchSpec(fast ? FAST : FULL) as Readonly<Record<string, unknown>>;
    const tell = this.#step("Searching densities, λ, slack and weights on the dev rows of X");
    return search(spec, {
      ...{ out: join(this.#folder, "search"), threads, signal },
      onProgress: ({ doneTrials, totalTrials, seconds }) => tell(doneTrials, totalTrials, "trials", seconds),
    });
  }

  /**
   * Asks all unmerged models beside the search, whose candidates are too small for more than one core; later steps find
   * the answers.
   */
  async unmerged(): Promise<void> {
    const { signal } = this.#options;
    const of = (names: readonly string[]) => names.map((name) => this.#experiment.model(name));
    for (const [models, language] of [
      [of([...new Set([...UNMERGED, ...PAIR, ...CHECKPOINTS.names])]), "X"],
      [of(PAIR), "Y"],
    ] as const)
      await evaluate(models, this.#tasks(TASKS), { ...this.#selection([language]), signal });
  }

  async merge(recipes: Parameters<typeof mergeAll>[0]): Promise<Map<string, string>> {
    const { threads, signal } = this.#options;
    this.#step(`Merging ${recipes.map(({ name }) => name).join(", ")}`);
    return mergeAll(recipes, join(this.#folder, "models"), { threads, signal });
  }

  async test(models: ReadonlyMap<string, string>): Promise<Evaluated> {
    const names = ["WAVG", "TIES", "TIES-SV", "TIES-paper", "TIES-SV-paper"];
    const unmerged = UNMERGED.map((name) => this.#experiment.model(name));
    const merged = names.map((name) => models.get(name) as string);
    return this.#evaluate("Evaluating on the test rows of X", [...unmerged, ...merged], TASKS, ["X"]);
  }

  async languages(models: ReadonlyMap<string, string>): Promise<Evaluated> {
    const unmerged = PAIR.map((name) => this.#experiment.model(name));
    const merged = ["TIES", "TIES-Y", "TIES-X-Y"].map((name) => models.get(name) as string);
    const what = "Evaluating one model for two languages, X and Y";
    return this.#evaluate(what, [...unmerged, ...merged], TASKS, ["X", "Y"]);
  }

  /** Response selection is solved by language modelling alone, so that it stands beside the average. */
  async modelling(models: ReadonlyMap<string, string>): Promise<Evaluated> {
    const asked = [this.#experiment.model("ct-x"), models.get("TIES") as string];
    return this.#evaluate("Evaluating language modelling", asked, ["rs"], ["X"]);
  }

  async trajectory(recipe: RecipeInput) {
    const { names: _, ...axis } = CHECKPOINTS;
    const { threads, signal } = this.#options;
    const rows: TaskPredictions[] = [];
    const tell = this.#step("Merging and evaluating along the training of CT");
    const results = await trajectory(recipe, this.#tasks(TASKS), {
      ...this.#selection(["X"]),
      ...{ threads, signal, series: { checkpoints: this.#experiment.checkpoints, ...axis } },
      others: [
        { name: "SFT", models: [this.#experiment.model("sft")] },
        { name: "CT-then-SFT", models: [this.#experiment.model("ctsft-x")] },
      ],
      onPredictions: (own) => rows.push(own),
      onProgress: (progress) => tellRows(tell, progress),
    });
    return { results, rows };
  }

  async #evaluate(
    title: string,
    models: readonly string[],
    tasks: readonly string[],
    languages: readonly string[],
  ): Promise<Evaluated> {
    const tell = this.#step(title);
    const rows: TaskPredictions[] = [];
    const results = await evaluate(models, this.#tasks(tasks), {
      ...this.#selection(languages),
      signal: this.#options.signal,
      onPredictions: (own) => rows.push(own),
      onProgress: (progress) => tellRows(tell, progress),
    });
    return { results, rows };
  }

  #tasks(names: readonly string[]): string[] {
    return names.map((name) => this.#experiment.task(name));
  }

  #selection(languages: readonly string[]) {
    const { testRows } = this.#options.fast ? FAST : FULL;
    const cache = join(this.#folder, "answers");
    return { data: this.#experiment.data, languages, limit: testRows, cache };
  }

  #step(title: string): (done: number, total: number, unit: string, seconds: number) => void {
    throwIfInterrupted(this.#options.signal);
    this.#options.onStep?.(title);
    return (done, total, unit, seconds) =>
      this.#options.onProgress?.({ step: title, done, total, unit, seconds });
  }
}

function tellRows(
  tell: (done: number, total: number, unit: string, seconds: number) => void,
  { doneRows, totalRows, seconds }: EvaluationProgress,
): void {
  tell(doneRows, totalRows, "rows", seconds);
}
