/** The methods that tiesmith has. Adding one: a file beside this one, and a line here. */
import { linear } from "./linear.ts";
import type { Method } from "./method.ts";
import { taskArithmetic } from "./task-arithmetic.ts";
import { ties } from "./ties.ts";
import { tiesSv } from "./ties-sv.ts";

export const methods: readonly Method[] = [linear, taskArithmetic, ties, tiesSv];

/** The method of a given name; recipes are validated against {@link methods}, so it is there. */
export function methodNamed(name: string): Method | undefined {
  return methods.find((method) => method.name === name);
}
