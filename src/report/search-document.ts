/** A search as a document: what won, against what, where in the space, on which rows, at what cost. */
import type { ConflictsReport } from "../conflicts/report-data.ts";
import type { TaskPredictions } from "../evaluate/results.ts";
import type { SearchResults, TestedModel, Winner } from "../search/results.ts";
import type { TrajectoryResults } from "../trajectory/results.ts";
import type { Figure, ReportDocument, ReportSection } from "./document.ts";
import { comparisonSection, measuring } from "./evaluation-document.ts";
import { percent } from "./numbers.ts";
import { predictionBrowsers } from "./prediction-browsers.ts";
import { scoreSections } from "./score-sections.ts";
import { costSection, spaceSection, trialsSection, tuningSection } from "./search-account.ts";
import { gridFigure, type Shown, slug, valuesOf } from "./search-grid.ts";
import { slackFigures } from "./search-slack.ts";
import { slackFigure as forgivenFigure } from "./setting-figures.ts";
import { trajectorySections } from "./trajectory-document.ts";

/** What else a search's page may show. */
export interface SearchExtras {
  /** Of the winner's parameters along a training. */
  readonly trajectory?: TrajectoryResults | undefined;
  /** An analysis of the winner's recipe: its slack curve is shown beside the scores. */
  readonly conflicts?: ConflictsReport | undefined;
  /** Of the final evaluation. */
  readonly predictions?: readonly TaskPredictions[] | undefined;
}

export function searchDocument(results: SearchResults, extras: SearchExtras = {}): ReportDocument {
  const { methods } = results;
  return {
    title: `Search: ${methods.map(({ name }) => name).join(", ")}`,
    lead: [...lead(results), ...results.notes],
    sections: searchSections(results, extras),
  };
}

/** Also part of other reports. */
export function searchSections(results: SearchResults, extras: SearchExtras = {}): ReportSection[] {
  const { test } = results;
  return [
    ...(test === null ? [] : scoreSections(test, "test").map(onTest)),
    ...recipeSection(results),
    ...gridSection(results),
    ...slackSection(results, extras.conflicts),
    ...(extras.trajectory === undefined ? [] : trajectorySections(extras.trajectory)),
    ...(test === null ? [] : comparisonSection(test)),
    ...browserSection(results, extras.predictions ?? []),
    tuningSection(results),
    spaceSection(results),
    trialsSection(results),
    costSection(results),
    ...(test === null ? [] : [{ ...measuring(test), title: "How the test was measured" }]),
  ];
}

const onTest = (section: ReportSection): ReportSection => ({
  ...section,
  title: `${section.title}, on test`,
});

function lead({
  trials,
  tunedOn,
  winners,
  best,
  test,
  testedModels,
  complete,
  strategy,
}: SearchResults): string[] {
  const rows = tunedOn.reduce((sum, own) => sum + own.rows, 0);
  const splits = [...new Set(tunedOn.map(({ split }) => split))].join(", ");
  const start = `${trials.length} trials by ${strategy}, each scored on ${rows.toLocaleString("en-US")} ${splits} rows.`;
  const unfinished = complete ? [] : ["The search is not complete: some planned trials have not been run."];
  const winner = winners.find(({ method }) => method === best);
  if (winner === undefined) return [start, ...unfinished];
  const chosen = `The best on these is ${winner.method}${told(winner)} with ${percent(winner.objective)}.`;
  return [`${start} ${chosen}`, ...unfinished, ...(test === null ? [] : [tested(test, testedModels)])];
}

function told({ parameters }: Winner): string {
  const values = valuesOf(parameters);
  return values === "" ? "" : ` (${values})`;
}

/** What the test rows say of the dev rows' choice. */
function tested(test: NonNullable<SearchResults["test"]>, models: readonly TestedModel[]): string {
  const averageOf = (name: string) =>
    test.averages.find(({ model, language }) => model === name && language === null)?.value ?? 0;
  const chosen = models.find(({ isBest }) => isBest);
  const unmerged = models
    .filter(({ kind }) => kind === "unmerged")
    .sort((a, b) => averageOf(b.name) - averageOf(a.name));
  if (chosen === undefined) return "";
  const own = `On the test rows, which no choice has seen, ${chosen.name} scores ${percent(averageOf(chosen.name))}`;
  const [next] = unmerged;
  if (next === undefined) return `${own}.`;
  return `${own}; the best unmerged model, ${next.name}, ${percent(averageOf(next.name))}.`;
}

function recipeSection({ winners, best }: SearchResults): ReportSection[] {
  if (winners.length === 0) return [];
  const ordered = [...winners].sort((a, b) => Number(b.method === best) - Number(a.method === best));
  return [
    {
      title: "Winning recipes",
      paragraphs: ["To paste into a file, for tiesmith merge. The best of all methods comes first."],
      code: ordered.map(({ method, trial, recipe, objective }) => ({
        title: `${method}: trial ${trial}, ${percent(objective)} on the dev rows`,
        language: "yaml",
        text: recipe,
      })),
    },
  ];
}

/** The objective for every method, then each task for the best one. */
function gridSection({ methods, trials, tunedOn, best, objective }: SearchResults): ReportSection[] {
  const overall: Shown = {
    ...{ code: "objective", title: "objective" },
    of: (trial) => (trial.objective === null ? null : { value: trial.objective }),
  };
  const tasks = tunedOn.map(({ task, language }): Shown => {
    const of: Shown["of"] = ({ scores }) =>
      scores.find((score) => score.task === task && score.language === language) ?? null;
    return { code: slug(`${task}-${language}`), title: `${task} in ${language}`, of };
  });
  const ordered = [...methods].sort((a, b) => Number(b.name === best) - Number(a.name === best));
  const figures = ordered.flatMap((method): Figure[] => {
    const wanted = method.name === best && tasks.length > 1 ? [overall, ...tasks] : [overall];
    return wanted.flatMap((shown) => gridFigure(method, trials, shown) ?? []);
  });
  if (figures.length === 0) return [];
  return [{ title: "The space", paragraphs: [`The objective: ${objective}.`], figures }];
}

function slackSection(results: SearchResults, conflicts: ConflictsReport | undefined): ReportSection[] {
  const curve = conflicts?.slackCurve;
  const forgiven =
    conflicts === undefined || curve == null || curve.points.length === 0
      ? []
      : [forgivenFigure(curve, conflicts.analysed)];
  const figures = [...slackFigures(results), ...forgiven];
  return figures.length === 0 ? [] : [{ title: "Slack", figures }];
}

function browserSection({ test }: SearchResults, predictions: readonly TaskPredictions[]): ReportSection[] {
  const browsers = test === null ? [] : predictionBrowsers(test, predictions);
  if (browsers.length === 0) return [];
  return [{ title: "Every answer, on test", browsers }];
}
