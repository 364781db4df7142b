/** Points by chance (Bergstra and Bengio 2012), each once. */
import { randomFor } from "../random.ts";
import type { Parameters } from "../results.ts";
import { pointKey, randomPoint, type Space } from "../space.ts";
import { listed } from "./grid.ts";
import type { Strategy } from "./strategy.ts";

/** Draws of a point that was there already before the space counts as used up. */
const MOST_REPEATS = 1000;

/** @param key what the numbers are drawn for: seed and method */
export function randomStrategy(space: Space, trials: number, ...key: readonly (string | number)[]): Strategy {
  const random = randomFor("random", ...key);
  const points = new Map<string, Parameters>();
  for (let repeats = 0; points.size < trials && repeats < MOST_REPEATS; ) {
    const point = randomPoint(space, random);
    if (point === null) break;
    const known = points.has(pointKey(point));
    repeats = known ? repeats + 1 : 0;
    if (!known) points.set(pointKey(point), point);
  }
  return listed([...points.values()]);
}
