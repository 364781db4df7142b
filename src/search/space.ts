/** The points of a method's space: all of them, one by chance, and as numbers that a strategy can reckon with. */
import { type Condition, meetsAll } from "./conditions.ts";
import type { Random } from "./random.ts";
import type { Parameters, SearchVariable, VariableValue } from "./results.ts";

/** The variables of a recipe, in the order of the spec, and the conditions between them. */
export interface Space {
  readonly variables: readonly SearchVariable[];
  readonly where: readonly Condition[];
}

/** Draws before a space counts as one that its conditions leave nothing of. */
const MOST_DRAWS = 10_000;

/** Whether a variable is chosen at a point whose earlier variables are known; where not, it is its `otherwise`. */
export function isActive({ when }: SearchVariable, point: Parameters): boolean {
  if (when === null) return true;
  return Object.entries(when.variables).every(([name, values]) =>
    values.includes(point[name] as VariableValue),
  );
}

/** Equal for equal points. */
export function pointKey(point: Parameters): string {
  return JSON.stringify(Object.entries(point).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Every point, each once: the last variable changes fastest. Every variable must have `values`.
 * @param most ends the list after so many points
 */
export function gridPoints({ variables, where }: Space, most = Number.POSITIVE_INFINITY): Parameters[] {
  const points: Parameters[] = [];
  const extend = (point: Parameters, depth: number): void => {
    if (points.length >= most) return;
    const variable = variables[depth];
    if (variable === undefined) {
      if (meetsAll(point, where)) points.push(point);
      return;
    }
    const values = isActive(variable, point) ? (variable.values ?? []) : [variable.when?.otherwise];
    for (const value of values) extend({ ...point, [variable.name]: value as VariableValue }, depth + 1);
  };
  extend({}, 0);
  return points;
}

/** A point by chance, every variable uniformly on its scale; null if the conditions leave none to be found. */
export function randomPoint(space: Space, random: Random): Parameters | null {
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const point = pointFrom(space, (variable) => valueAt(variable, random.uniform()));
    if (meetsAll(point, space.where)) return point;
  }
  return null;
}

/** The point whose active variables are `choose`d. */
export function pointFrom(
  { variables }: Space,
  choose: (variable: SearchVariable, index: number) => VariableValue,
): Parameters {
  const point: Record<string, VariableValue> = {};
  for (const [index, variable] of variables.entries())
    point[variable.name] = isActive(variable, point)
      ? choose(variable, index)
      : (variable.when?.otherwise as VariableValue);
  return point;
}

/**
 * The value at a place from 0 to 1 of a variable's axis: values share it equally, a range without steps fills it on
 * its scale.
 */
export function valueAt({ values, range }: SearchVariable, place: number): VariableValue {
  const inside = Math.min(1, Math.max(0, place));
  if (values !== null)
    return values[Math.min(values.length - 1, Math.floor(inside * values.length))] as VariableValue;
  const { from, to, scale } = range as NonNullable<SearchVariable["range"]>;
  const value = scale === "log" ? from * (to / from) ** inside : from + (to - from) * inside;
  // Six digits are more than a recipe needs; rounding must not lead out of the range.
  return Math.min(to, Math.max(from, Number(value.toPrecision(6))));
}

/** The place of a value on its variable's axis: the inverse of {@link valueAt}, the middle of a value's share. */
export function placeOf({ values, range }: SearchVariable, value: VariableValue): number {
  if (values !== null) return (values.indexOf(value) + 0.5) / values.length;
  const { from, to, scale } = range as NonNullable<SearchVariable["range"]>;
  const number = value as number;
  return scale === "log" ? Math.log(number / from) / Math.log(to / from) : (number - from) / (to - from);
}

/** Whether a variable's values have an order that means something. */
export function isOrdered({ values }: SearchVariable): boolean {
  return values === null || values.every((value) => typeof value === "number");
}

/** Points of the space, conditions not counted; infinite with a range without steps. */
export function sizeOf({ variables }: Space): number {
  return variables.reduce(
    (product, { values }) => product * (values === null ? Number.POSITIVE_INFINITY : values.length),
    1,
  );
}
