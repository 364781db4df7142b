/** All points in their order, as the paper tunes (appendix B). */
import type { Parameters } from "../results.ts";
import { gridPoints, type Space } from "../space.ts";
import type { Strategy } from "./strategy.ts";

export function gridStrategy(space: Space): Strategy {
  return listed(gridPoints(space));
}

/** A strategy whose points are known from the start. */
export function listed(points: readonly Parameters[]): Strategy {
  return { trialCount: points.length, propose: (number) => points[number] as Parameters };
}
