/**
 * The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl 2011, "Algorithms for hyper-parameter
 * optimization", section 4): the best share γ of the trials gives a density l, the others g; of points drawn from l the
 * one with the largest l / g is tried, which is the largest expected improvement. Variables are independent given the
 * others' activity: the tree is `when`.
 */
import { meetsAll } from "../conditions.ts";
import { type Random, randomFor } from "../random.ts";
import type { Parameters, SearchVariable, VariableValue } from "../results.ts";
import {
  gridPoints,
  isActive,
  isOrdered,
  placeOf,
  pointFrom,
  pointKey,
  randomPoint,
  type Space,
  sizeOf,
  valueAt,
} from "../space.ts";
import type { Observation, Strategy } from "./strategy.ts";

/** The paper's γ. */
const GAMMA = 0.15;

/** Random trials before the densities say anything. */
const STARTUP = 10;

/** Points drawn from l for each trial; hyperopt's number. */
const DRAWS = 24;

/** Draws that had been tried already, or break a condition, before a random point is taken. */
const MOST_DRAWS = 500;

/** @param key what the numbers are drawn for: seed and method */
export function tpeStrategy(space: Space, trials: number, ...key: readonly (string | number)[]): Strategy {
  const isCountable = sizeOf(space) < Number.POSITIVE_INFINITY;
  return {
    // Each point once.
    trialCount: isCountable ? gridPoints(space, trials).length : trials,
    propose(number, history, pending) {
      const random = randomFor("tpe", ...key, number);
      const seen = new Set([...history.map(({ parameters }) => parameters), ...pending].map(pointKey));
      if (number < STARTUP || history.length < 2) return newPoint(space, random, seen);
      return likeliest(space, history, random, seen) ?? newPoint(space, random, seen);
    },
  };
}

/** A point by chance that is new; where chance finds none, the first of all. */
function newPoint(space: Space, random: Random, seen: ReadonlySet<string>): Parameters {
  let last: Parameters | null = null;
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    last = randomPoint(space, random);
    if (last !== null && !seen.has(pointKey(last))) return last;
  }
  const all = sizeOf(space) < Number.POSITIVE_INFINITY ? gridPoints(space) : [];
  return all.find((point) => !seen.has(pointKey(point))) ?? (last as Parameters);
}

function likeliest(
  space: Space,
  history: readonly Observation[],
  random: Random,
  seen: ReadonlySet<string>,
): Parameters | null {
  const ranked = [...history].sort(
    (a, b) =>
      (b.objective ?? Number.NEGATIVE_INFINITY) - (a.objective ?? Number.NEGATIVE_INFINITY) ||
      a.number - b.number,
  );
  const goodCount = Math.max(1, Math.ceil(GAMMA * ranked.length));
  const points = ranked.map(({ parameters }) => parameters);
  const good = space.variables.map((variable) => densityOf(variable, points.slice(0, goodCount)));
  const bad = space.variables.map((variable) => densityOf(variable, points.slice(goodCount)));
  let [best, bestScore, found] = [null as Parameters | null, Number.NEGATIVE_INFINITY, 0];
  for (let draw = 0; draw < MOST_DRAWS && found < DRAWS; draw++) {
    const point = pointFrom(space, (_, index) => (good[index] as Density).draw(random));
    if (!meetsAll(point, space.where) || seen.has(pointKey(point))) continue;
    found++;
    const score = space.variables.reduce((sum, variable, i) => {
      if (!isActive(variable, point)) return sum;
      const value = point[variable.name] as VariableValue;
      return sum + Math.log((good[i] as Density).at(value)) - Math.log((bad[i] as Density).at(value));
    }, 0);
    if (score > bestScore) [best, bestScore] = [point, score];
  }
  return best;
}

interface Density {
  draw(random: Random): VariableValue;
  at(value: VariableValue): number;
}

function densityOf(variable: SearchVariable, points: readonly Parameters[]): Density {
  const values = points
    .filter((point) => isActive(variable, point))
    .map((point) => point[variable.name] as VariableValue);
  return isOrdered(variable) ? parzen(variable, values) : counts(variable, values);
}

/** For words: the prior has as much weight as one observation of each value. */
function counts({ values }: SearchVariable, observed: readonly VariableValue[]): Density {
  const all = values ?? [];
  const weights = all.map((value) => 1 + observed.filter((own) => own === value).length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    draw(random) {
      let left = random.uniform() * total;
      for (const [i, weight] of weights.entries()) {
        left -= weight;
        if (left < 0) return all[i] as VariableValue;
      }
      return all.at(-1) as VariableValue;
    },
    at: (value) => (weights[all.indexOf(value)] as number) / total,
  };
}

interface Bell {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * For numbers: one normal distribution for each observation, and one for the prior, on the axis from 0 to 1 that they
 * are cut to. A bell is as wide as the distance to the farther of its neighbours, within limits (section 4.2).
 * Numbers in a list have the share of the axis that is theirs.
 */
function parzen(variable: SearchVariable, observed: readonly VariableValue[]): Density {
  const prior: Bell = { mean: 0.5, deviation: 1 };
  const places = [...observed.map((value) => placeOf(variable, value)), prior.mean].sort((a, b) => a - b);
  const least = 1 / Math.min(100, 1 + places.length);
  const bells = observed.map((value): Bell => {
    const mean = placeOf(variable, value);
    const at = places.indexOf(mean);
    const gaps = [mean - (places[at - 1] ?? 0), (places[at + 1] ?? 1) - mean];
    return { mean, deviation: Math.min(1, Math.max(least, ...gaps)) };
  });
  const all = [prior, ...bells];
  const share = (low: number, high: number) =>
    all.reduce((sum, bell) => sum + between(bell, low, high) / between(bell, 0, 1), 0) / all.length;
  return {
    draw(random) {
      const { mean, deviation } = all[Math.floor(random.uniform() * all.length)] as Bell;
      let place = mean + deviation * random.normal();
      while (place < 0 || place >= 1) place = mean + deviation * random.normal();
      return valueAt(variable, place);
    },
    at(value) {
      const place = placeOf(variable, value);
      const half = variable.values === null ? 1e-4 : 0.5 / variable.values.length;
      return share(place - half, place + half) / (2 * half);
    },
  };
}

/** The probability of a normal distribution between two places. */
function between({ mean, deviation }: Bell, low: number, high: number): number {
  return normalBelow((high - mean) / deviation) - normalBelow((low - mean) / deviation);
}

/** The normal distribution function, by Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp(-x * x)) / 2;
  return z > 0 ? 1 - tail : tail;
}
