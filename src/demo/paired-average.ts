/** Differences of averages over tasks, on the same rows. */
import type { TaskPredictions } from "../evaluate/results.ts";
import { Z95 } from "../evaluate/statistics.ts";

/** Shares from 0 to 1. */
export interface Difference {
  readonly value: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * The first model's average less the second's, each task with the same weight. The variance of a task's difference is
 * that of the mean of paired differences, and tasks are independent.
 */
export function pairedAverage(
  predictions: readonly TaskPredictions[],
  language: string,
  first: string,
  second: string,
): Difference {
  const of = (model: string) => predictions.filter((own) => own.model === model && own.language === language);
  const others = of(second);
  const tasks = of(first).map((own) => {
    const other = others.find(({ task }) => task === own.task)?.predictions ?? [];
    return own.predictions.map(({ correct }, i) => Number(correct) - Number(other[i]?.correct));
  });
  const means = tasks.map(mean);
  const variance = tasks.reduce((sum, rows, t) => {
    const squares = rows.reduce((total, own) => total + (own - (means[t] as number)) ** 2, 0);
    return sum + squares / Math.max(1, rows.length - 1) / rows.length;
  }, 0);
  const half = (Z95 * Math.sqrt(variance)) / tasks.length;
  const value = mean(means);
  return { value, low: value - half, high: value + half };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
