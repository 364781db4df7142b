/** Predictions that were written, scored again by a task's rules as they are now: needs neither model nor data. */
import { readFileSync } from "node:fs";
import { systemError } from "../checkpoint/system-error.ts";
import { messageOf, TiesmithError } from "../errors.ts";
import type { ModelAnswer } from "./backend.ts";
import { findTask } from "./read-task.ts";
import { scoreOf } from "./run-task.ts";
import { type Prediction, scoreAnswer } from "./scoring.ts";

/** The scores of a predictions file, and its rows as they are judged now. */
export type Rescored = ReturnType<typeof scoreOf> & { readonly predictions: readonly Prediction[] };

/** See `api.ts`. */
export function rescore(path: string, taskName: string): Rescored {
  const { scoring } = findTask(taskName).task;
  const predictions = readPredictions(path).map((kept) => {
    const isRanking = kept.scores !== undefined;
    if (isRanking === (scoring.method === "generation"))
      throw new TiesmithError(
        "DATA_INVALID",
        `Expected predictions by ${scoring.method} in ${path}, but row ${kept.row} has ${isRanking ? "scores of choices" : "a text"}`,
        { path, row: kept.row },
      );
    const { choices = [], gold } = kept;
    const item = { ...kept, choices, goldText: gold, goldIndex: isRanking ? choices.indexOf(gold) : null };
    return scoreAnswer(item, answerOf(kept), scoring);
  });
  return { ...scoreOf(predictions), predictions };
}

function answerOf({ scores, text = "", bytes = null, ended = "end" }: Prediction): ModelAnswer {
  return scores === undefined ? { text, bytes, ended } : { logLikelihoods: scores };
}

function readPredictions(path: string): Prediction[] {
  let lines: string[];
  try {
    lines = readFileSync(path, "utf8").trim().split("\n");
  } catch (error) {
    throw systemError(error, path, "a file of predictions", "DATA_INVALID");
  }
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as Prediction;
    } catch (error) {
      const message = `Expected a prediction in ${path}:${index + 1}, but it does not parse: ${messageOf(error)}`;
      throw new TiesmithError("DATA_INVALID", message, { path, line: index + 1 });
    }
  });
}
