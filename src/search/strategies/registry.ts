/** The strategies by name. */
import type { MethodSpec, SearchSpec } from "../spec.ts";
import { cmaStrategy } from "./cma.ts";
import { gridStrategy } from "./grid.ts";
import { randomStrategy } from "./random.ts";
import type { Strategy } from "./strategy.ts";
import { tpeStrategy } from "./tpe.ts";

/** The strategy that a spec asks for, on the space of one of its methods. */
export function strategyFor(
  { strategy, trials, seed }: Pick<SearchSpec, "strategy" | "trials" | "seed">,
  method: Pick<MethodSpec, "name" | "variables" | "where">,
): Strategy {
  if (strategy === "grid") return gridStrategy(method);
  const make = { random: randomStrategy, tpe: tpeStrategy, cma: cmaStrategy }[strategy];
  return make(method, trials ?? 1, seed, method.name);
}
