/**
 * CMA-ES (Hansen 2016, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, figure 6), on the cube that every
 * variable's axis from 0 to 1 spans. A trial's number tells its generation; the state is worked out anew from the
 * outcomes of the earlier generations, so that any process can go on.
 */
import { meetsAll } from "../conditions.ts";
import { randomFor } from "../random.ts";
import type { Parameters } from "../results.ts";
import { pointFrom, randomPoint, type Space, valueAt } from "../space.ts";
import { type CmaConstants, cmaConstants } from "./cma-constants.ts";
import type { Observation, Strategy } from "./strategy.ts";
import { type Matrix, symmetricEigen } from "./symmetric-eigen.ts";

/** A third of the axis: the optimum is expected inside of the cube (tutorial, section B.1). */
const FIRST_SIGMA = 0.3;

/** Draws of a point that meets the conditions. */
const MOST_DRAWS = 1000;

interface State {
  readonly mean: readonly number[];
  readonly sigma: number;
  readonly covariance: Matrix;
  readonly eigen: ReturnType<typeof symmetricEigen>;
  readonly pathSigma: readonly number[];
  readonly pathC: readonly number[];
}

/** @param key what the numbers are drawn for: seed and method */
export function cmaStrategy(space: Space, trials: number, ...key: readonly (string | number)[]): Strategy {
  const dimensions = space.variables.length;
  if (dimensions === 0) return { trialCount: 1, propose: () => ({}) };
  const constants = cmaConstants(dimensions);
  const { population } = constants;
  // By generation, with the outcomes that led there: a history grows, and is rarely another one.
  const known: { readonly outcomes: string; readonly state: State }[] = [];
  const after = (state: State, generation: number, own: readonly Observation[]): State => {
    const outcomes = JSON.stringify(own.map(({ objective }) => objective));
    if (known[generation]?.outcomes === outcomes) return known[generation].state;
    const places = own.map((_, i) => drawn(space, state, key, generation * population + i));
    const reached = next(state, constants, places, costs(own, places), generation);
    known.splice(generation, Number.POSITIVE_INFINITY, { outcomes, state: reached });
    return reached;
  };
  return {
    trialCount: trials,
    propose(number, history) {
      const outcomes = new Map(history.map((observation) => [observation.number, observation]));
      let state = firstState(dimensions);
      for (let past = 0; past < Math.floor(number / population); past++) {
        const own = Array.from({ length: population }, (_, i) => outcomes.get(past * population + i));
        if (own.includes(undefined)) return "wait";
        state = after(state, past, own as Observation[]);
      }
      const point = pointOf(space, drawn(space, state, key, number));
      if (meetsAll(point, space.where)) return point;
      return randomPoint(space, randomFor("cma-random", ...key, number)) ?? point;
    },
  };
}

function firstState(n: number): State {
  const zeros = Array.from({ length: n }, () => 0);
  const covariance = zeros.map((_, i) => zeros.map((_, j) => Number(i === j)));
  const eigen = symmetricEigen(covariance);
  return {
    mean: zeros.map(() => 0.5),
    sigma: FIRST_SIGMA,
    covariance,
    eigen,
    pathSigma: zeros,
    pathC: zeros,
  };
}

/** A place around the mean: m + σ B D z, the first that meets the conditions. */
function drawn(space: Space, state: State, key: readonly (string | number)[], number: number): number[] {
  const { values, vectors } = state.eigen;
  const random = randomFor("cma", ...key, number);
  let place: number[] = [];
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const z = values.map((value) => Math.sqrt(Math.max(0, value)) * random.normal());
    const y = vectors.map((row) => dot(row, z));
    place = y.map((step, i) => (state.mean[i] as number) + state.sigma * step);
    if (meetsAll(pointOf(space, place), space.where)) break;
  }
  return place;
}

/** What lies outside of the cube is tried at its border. */
function pointOf(space: Space, place: readonly number[]): Parameters {
  return pointFrom(space, (variable, i) => valueAt(variable, place[i] as number));
}

/** To be made small; the way back into the cube is added, so that the mean stays inside (tutorial, section B.5). */
function costs(outcomes: readonly Observation[], places: readonly (readonly number[])[]): number[] {
  return outcomes.map(({ objective }, i) => {
    const outside = (places[i] as number[]).map((x) => x - Math.min(1, Math.max(0, x)));
    return objective === null ? Number.POSITIVE_INFINITY : dot(outside, outside) - objective;
  });
}

function next(
  { mean, sigma, covariance, eigen, pathSigma, pathC }: State,
  constants: CmaConstants,
  places: readonly (readonly number[])[],
  cost: readonly number[],
  generation: number,
): State {
  const n = mean.length;
  const { weights, parents, varianceEffective: mu, cSigma, dSigma, cC, c1, cMu, expectedNorm } = constants;
  const order = [...cost.keys()].sort((a, b) => compare(cost[a] as number, cost[b] as number) || a - b);
  const steps = order.map((at) => (places[at] as number[]).map((x, i) => (x - (mean[i] as number)) / sigma));
  const whiten = inverseRoot(eigen);
  const step = weightedSum(steps.slice(0, parents), weights);
  const kept = Math.sqrt(cSigma * (2 - cSigma) * mu);
  const newPathSigma = multiply(whiten, step).map(
    (x, i) => (1 - cSigma) * (pathSigma[i] as number) + kept * x,
  );
  const length = Math.sqrt(dot(newPathSigma, newPathSigma));
  const settled = Math.sqrt(1 - (1 - cSigma) ** (2 * (generation + 1)));
  const isShort = length / settled < (1.4 + 2 / (n + 1)) * expectedNorm;
  const grown = isShort ? Math.sqrt(cC * (2 - cC) * mu) : 0;
  const newPathC = step.map((x, i) => (1 - cC) * (pathC[i] as number) + grown * x);
  // A negative weight is scaled so that the matrix stays positive definite.
  const scaled = steps.map((y, i) => {
    const weight = weights[i] as number;
    const white = multiply(whiten, y);
    return weight >= 0 ? weight : (weight * n) / (dot(white, white) + 1e-12);
  });
  const lost = isShort ? 0 : c1 * cC * (2 - cC);
  const decay = 1 + lost - c1 - cMu * weights.reduce((sum, weight) => sum + weight, 0);
  const adapted = covariance.map((row, i) =>
    row.map((value, j) => {
      const rankOne = (newPathC[i] as number) * (newPathC[j] as number);
      const rankMu = steps.reduce(
        (sum, y, k) => sum + (scaled[k] as number) * (y[i] as number) * (y[j] as number),
        0,
      );
      return decay * value + c1 * rankOne + cMu * rankMu;
    }),
  );
  return {
    mean: mean.map((x, i) => x + sigma * (step[i] as number)),
    sigma: sigma * Math.exp((cSigma / dSigma) * (length / expectedNorm - 1)),
    covariance: adapted,
    eigen: symmetricEigen(adapted),
    pathSigma: newPathSigma,
    pathC: newPathC,
  };
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** C^(−1/2). */
function inverseRoot({ values, vectors }: State["eigen"]): Matrix {
  const roots = values.map((value) => 1 / Math.sqrt(Math.max(value, 1e-14)));
  return vectors.map((row) =>
    vectors.map((other) =>
      row.reduce((sum, x, k) => sum + x * (roots[k] as number) * (other[k] as number), 0),
    ),
  );
}

function multiply(matrix: Matrix, vector: readonly number[]): number[] {
  return matrix.map((row) => dot(row, vector));
}

function weightedSum(vectors: readonly (readonly number[])[], weights: readonly number[]): number[] {
  const [first = []] = vectors;
  return first.map((_, i) =>
    vectors.reduce((sum, vector, k) => sum + (weights[k] as number) * (vector[i] as number), 0),
  );
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}
