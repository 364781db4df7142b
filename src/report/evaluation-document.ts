/** An evaluation as a document: scores, what their differences are worth, what was answered, how it was measured. */
import type { EvaluationResults, TaskPredictions } from "../evaluate/results.ts";
import { type ReportDocument, type ReportSection, right } from "./document.ts";
import { percent, signedPoints, whole } from "./numbers.ts";
import { predictionBrowsers } from "./prediction-browsers.ts";
import { scoreSections } from "./score-sections.ts";

/** Sections for everything that the results hold; rows to look through where predictions are given. */
export function evaluationDocument(
  results: EvaluationResults,
  predictions: readonly TaskPredictions[],
): ReportDocument {
  return {
    title: `Evaluation: ${results.models.map(({ name }) => name).join(", ")}`,
    lead: [summary(results)],
    sections: [
      ...scoreSections(results),
      ...comparisonSection(results),
      ...unparsableSection(results),
      ...browserSection(results, predictions),
      measuring(results),
    ],
  };
}

function summary({ models, tasks, scores, averages }: EvaluationResults): string {
  const languages = new Set(tasks.map(({ language }) => language)).size;
  const rows = scores.reduce((sum, score) => sum + score.rows, 0);
  const best = averages
    .filter(({ language }) => language === null)
    .reduce((most, own) => (own.value > most.value ? own : most));
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  const asked = `${count(models.length, "model")} on ${count(tasks.length, "task")} in ${count(languages, "language")}, ${whole(rows)} answers.`;
  if (models.length === 1)
    return `${asked} The average is ${percent(best.value)} (95 % interval ${percent(best.low)} to ${percent(best.high)}).`;
  return `${asked} The best average is that of ${best.model}, ${percent(best.value)} (95 % interval ${percent(best.low)} to ${percent(best.high)}). In tables the best is bold and the second underlined; ± is the standard error.`;
}

/** Every later model against the first; empty where there is nothing to compare. */
export function comparisonSection({ comparisons, tasks }: EvaluationResults): ReportSection[] {
  if (comparisons.length === 0) return [];
  const columns = new Map(tasks.map(({ task, column }) => [task, column]));
  return [
    {
      title: "Differences on the same rows",
      paragraphs: [
        `Each model against ${comparisons[0]?.second}, in percentage points: a paired bootstrap over rows, with a two-sided p for each.`,
      ],
      tables: [
        {
          columns: [
            ...["model", "task", "language"].map((title) => ({ title })),
            ...["difference", "95 % interval", "p"].map(right),
          ],
          rows: comparisons.map(({ first, task, language, difference, low, high, pValue }) => [
            ...[first, columns.get(task) ?? task, language],
            signedPoints(difference),
            `${signedPoints(low)} to ${signedPoints(high)}`,
            pValue < 0.001 ? "<0.001" : pValue.toFixed(3),
          ]),
        },
      ],
    },
  ];
}

function unparsableSection({ scores }: EvaluationResults): ReportSection[] {
  const generated = scores.flatMap(({ unparsable, ...score }) =>
    unparsable == null ? [] : [{ ...score, ...unparsable, of: score.rows }],
  );
  if (generated.length === 0) return [];
  const bad = generated.filter(({ count }) => count > 0);
  const title = "Unparsable output";
  if (bad.length === 0) return [{ title, paragraphs: ["The bytes of every generation are UTF-8."] }];
  return [
    {
      title,
      paragraphs: [
        "Generations whose bytes are no UTF-8 (section 8.1 of the paper), and the median place of their first bad byte. Models and tasks that are not listed have none.",
      ],
      tables: [
        {
          columns: [
            ...["model", "task", "language"].map((name) => ({ title: name })),
            ...["outputs", "share", "first byte"].map(right),
          ],
          rows: bad.map(({ model, task, language, count, of, share, medianFirstByte }) => [
            ...[model, task, language, `${count} of ${of}`, percent(share)],
            String(medianFirstByte ?? "–"),
          ]),
        },
      ],
    },
  ];
}

function browserSection(
  results: EvaluationResults,
  predictions: readonly TaskPredictions[],
): ReportSection[] {
  const browsers = predictionBrowsers(results, predictions);
  if (browsers.length === 0) return [];
  return [
    {
      title: "Every answer",
      paragraphs: [
        "What each model chose or said, row by row; predictions.jsonl has scores and texts of all.",
      ],
      browsers,
    },
  ];
}

type Measured = Pick<EvaluationResults, "tasks" | "backend" | "tiesmith" | "notes"> &
  Partial<Pick<EvaluationResults, "models">>;

/** On which rows, how asked, how scored; the backend and its settings. */
export function measuring({ tasks, backend, tiesmith, notes, models = [] }: Measured): ReportSection {
  const settings = Object.entries(backend).map(([key, value]) => `${key} ${String(value)}`);
  return {
    title: "How it was measured",
    paragraphs: [
      `tiesmith ${tiesmith}; ${settings.join(", ")}. Standard errors are √(p(1 − p)/(n − 1)), intervals of tasks Wilson's.`,
      ...notes,
    ],
    tables: [
      {
        columns: [
          ...["task", "language", "split"].map((title) => ({ title })),
          ...["rows", "examples"].map(right),
          ...["prompt", "scored by", "data"].map((title) => ({ title })),
        ],
        rows: tasks.map((task) => [
          ...[task.title, task.languageName, task.split, whole(task.rows), String(task.shots)],
          ...[task.prompt, task.scoring],
          task.drawn === null ? task.data : `${task.data}; drawn: ${task.drawn.rule}`,
        ]),
      },
      ...(models.length === 0
        ? []
        : [
            {
              columns: ["model", "read from", "hash"].map((title) => ({ title })),
              rows: models.map(({ name, reference, hash }) => [name, reference, hash]),
            },
          ]),
    ],
  };
}
