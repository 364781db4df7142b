/** What models answered, row by row. */
import type { EvaluationResults, TaskPredictions } from "../evaluate/results.ts";
import type { Prediction } from "../evaluate/scoring.ts";
import type { BrowsedRow, RowBrowser } from "./document.ts";

/** Rows of all tasks together; about 1 kB each with eight models. The others are in predictions.jsonl. */
const MOST_ROWS = 3000;
/** Characters of a text that are shown: a passage of Belebele has about 500. */
const MOST_TEXT = 1500;

/** One list a task and language, with the answers of all models side by side. */
export function predictionBrowsers(
  { tasks }: EvaluationResults,
  predictions: readonly TaskPredictions[],
): RowBrowser[] {
  const most = Math.max(1, Math.floor(MOST_ROWS / Math.max(1, tasks.length)));
  return tasks.flatMap(({ task, language, column, languageName }): RowBrowser[] => {
    const own = predictions.filter((one) => one.task === task && one.language === language);
    const count = own[0]?.predictions.length ?? 0;
    if (count === 0) return [];
    const shown = count > most ? `the first ${most} of ${count} rows` : `${count} rows`;
    const rows = (own[0]?.predictions ?? []).slice(0, most).map((first, i): BrowsedRow => {
      return {
        label: `row ${first.row}`,
        text: shortened(first.prompt ?? ""),
        expected: shortened(first.gold),
        answers: own.map((one) => answerOf(one.predictions[i])),
      };
    });
    return [{ title: `${column} in ${languageName}: ${shown}`, models: own.map(({ model }) => model), rows }];
  });
}

function answerOf(prediction: Prediction | undefined): BrowsedRow["answers"][number] {
  if (prediction === undefined) return { correct: false, text: "–" };
  const { correct, chosen, text } = prediction;
  const said = chosen ?? (text === undefined ? "nothing" : `nothing found in ${JSON.stringify(text)}`);
  return { correct, text: shortened(said.trim()) };
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= MOST_TEXT ? text : `${characters.slice(0, MOST_TEXT).join("")} …`;
}
