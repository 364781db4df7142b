/** What the public API has of trajectories; the rest is loaded when it is called. */
import type { RecipeInput } from "../recipe/recipe.ts";
import type { TrajectoryOptions } from "./options.ts";
import type { TrajectoryResults } from "./results.ts";

/**
 * Merges a recipe with each checkpoint of a training in one model's place, and evaluates the merges beside the
 * checkpoints themselves and other models: Figure 2 of the paper, with Figure 4's conflicts along the same axis.
 *
 * A merge lies in memory or in a temporary folder while it is evaluated, one at a time. Answers are kept, so that an
 * interrupted run goes on.
 *
 * @param recipe path of a mergekit YAML, or the same as an object; its parameters hold for all checkpoints
 * @param tasks `sib200:tam`, or the path of a task file
 * @throws {TiesmithError} `USAGE`, what planning a merge throws, `TASK_INVALID` and `DATA_INVALID` before the first
 * merge; any code of merging and evaluating
 * @example
 * const series = { checkpoints: ["runs/ct-1.6B", "runs/ct-3.2B"], xTitle: "tokens" };
 * const { curves } = await trajectory("ties.yaml", ["sib200:tam"], { series, data: "benchmarks" });
 */
export async function trajectory(
  recipe: string | RecipeInput,
  tasks: readonly string[],
  options: TrajectoryOptions,
): Promise<TrajectoryResults> {
  const implementation = await import("./trajectory.ts");
  return implementation.trajectory(recipe, tasks, options);
}
