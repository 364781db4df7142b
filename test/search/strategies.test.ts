/** Strategies against functions whose optimum is known. */
import { describe, expect, it } from "vitest";
import type { Parameters } from "../../src/search/results.ts";
import { pointKey, type Space } from "../../src/search/space.ts";
import { cmaStrategy } from "../../src/search/strategies/cma.ts";
import { randomStrategy } from "../../src/search/strategies/random.ts";
import type { Observation, Strategy } from "../../src/search/strategies/strategy.ts";
import { symmetricEigen } from "../../src/search/strategies/symmetric-eigen.ts";
import { tpeStrategy } from "../../src/search/strategies/tpe.ts";
import { condition, list, range } from "./space-builder.ts";

const plane: Space = { variables: [range("a", 0, 1), range("b", 0.01, 1, "log")], where: [] };

/** Largest, 1, at a = 0.7, b = 0.1; its valley is turned and narrow. */
function hill({ a, b }: Parameters): number {
  const [x, y] = [(a as number) - 0.7, Math.log10(b as number) / 2 + 0.5];
  return 1 - 4 * (x + y) ** 2 - (x - y) ** 2;
}

function run(strategy: Strategy, objective: (point: Parameters) => number | null): Observation[] {
  const history: Observation[] = [];
  for (let number = 0; number < strategy.trialCount; number++) {
    const parameters = strategy.propose(number, history, []);
    if (parameters === "wait") throw new Error(`waits for what is there, at ${number}`);
    history.push({ number, parameters, objective: objective(parameters) });
  }
  return history;
}

const best = (history: readonly Observation[]) =>
  Math.max(...history.map(({ objective }) => objective ?? -9));

/** Regret, mean over seeds: how much the best point found lacks. */
function regret(make: (seed: number) => Strategy, objective = hill): number {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  return seeds.reduce((sum, seed) => sum + 1 - best(run(make(seed), objective)), 0) / seeds.length;
}

describe("on a hill in the plane, in 60 trials", () => {
  const chance = regret((seed) => randomStrategy(plane, 60, seed));

  it("chance comes within some hundredths", () => {
    expect(chance).toBeGreaterThan(0.001);
    expect(chance).toBeLessThan(0.1);
  });

  it("tpe comes several times as near as chance", () => {
    expect(regret((seed) => tpeStrategy(plane, 60, seed))).toBeLessThan(chance / 3);
  });

  it("cma comes several times as near as chance", () => {
    expect(regret((seed) => cmaStrategy(plane, 60, seed))).toBeLessThan(chance / 3);
  });
});

it("cma finds a turned, narrow valley in five dimensions to six digits", () => {
  const names = ["a", "b", "c", "d", "e"];
  const space: Space = { variables: names.map((name) => range(name, -1, 1)), where: [] };
  const objective = (point: Parameters) => {
    const x = names.map((name) => (point[name] as number) - 0.3);
    // Condition number 1,000 between neighbours' sums and differences.
    return -x.reduce((sum, value, i) => sum + (value + (x[i + 1] ?? 0)) ** 2 + 1e-3 * value ** 2, 0);
  };
  const history = run(cmaStrategy(space, 900, 1), objective);
  expect(best(history)).toBeGreaterThan(-1e-6);
  expect(best(run(randomStrategy(space, 900, 1), objective))).toBeLessThan(-1e-3);
});

it("tpe learns which word is best, and asks for a variable of another branch no more", () => {
  const space: Space = {
    variables: [
      list("kind", "w", "x", "y", "z"),
      { ...range("depth", 0, 1), when: { variables: { kind: ["y"] }, otherwise: 0 } },
    ],
    where: [],
  };
  const objective = ({ kind, depth }: Parameters) =>
    kind === "y" ? 1 - ((depth as number) - 0.5) ** 2 : 0.2;
  const history = run(tpeStrategy(space, 50, 1), objective);
  expect(history.slice(25).filter(({ parameters }) => parameters.kind === "y").length).toBeGreaterThan(20);
  expect(history.every(({ parameters: { kind, depth } }) => kind === "y" || depth === 0)).toBe(true);
  expect(best(history)).toBeGreaterThan(0.99);
});

describe.each([
  ["random", randomStrategy],
  ["tpe", tpeStrategy],
  ["cma", cmaStrategy],
])("%s", (_, make) => {
  it("is the same again with the same seed, and another with another", () => {
    const points = (seed: number) => run(make(plane, 30, seed), hill).map(({ parameters }) => parameters);
    expect(points(1)).toEqual(points(1));
    expect(points(1)).not.toEqual(points(2));
  });

  it("proposes the same from a history that another process has made", () => {
    const strategy = make(plane, 40, 1);
    const history = run(strategy, hill);
    const again = make(plane, 40, 1);
    for (const { number, parameters } of history)
      expect(again.propose(number, history.slice(0, number), [])).toEqual(parameters);
  });

  it("goes on when trials fail", () => {
    const history = run(make(plane, 40, 1), (point) => ((point.a as number) > 0.5 ? null : hill(point)));
    expect(history).toHaveLength(40);
    expect(best(history)).toBeGreaterThan(0.8);
    expect(run(make(plane, 20, 1), () => null)).toHaveLength(20);
  });

  it("keeps to the conditions", () => {
    const space: Space = { variables: [range("a", 0, 1), range("b", 0, 1)], where: [condition("a > b")] };
    const history = run(make(space, 40, 1), ({ a }) => a as number);
    expect(history.every(({ parameters: { a = 0, b = 0 } }) => a > b)).toBe(true);
  });

  it("works without variables", () => {
    expect(run(make({ variables: [], where: [] }, 9, 1), () => 1)).toHaveLength(1);
  });
});

describe.each([
  ["random", randomStrategy],
  ["tpe", tpeStrategy],
])("%s on a small list", (_, make) => {
  const space: Space = {
    variables: [list("a", 0.01, 0.2, 0.4, 0.6, 0.8, 1), list("b", 1, 2)],
    where: [condition("a != 0.2")],
  };

  it("tries each point once, and ends with them", () => {
    const history = run(make(space, 100, 1), ({ a }) => a as number);
    expect(history).toHaveLength(10);
    expect(new Set(history.map(({ parameters }) => pointKey(parameters))).size).toBe(10);
  });
});

it("tpe does not propose what another process tries at this moment", () => {
  const space: Space = { variables: [list("a", 1, 2, 3)], where: [] };
  const strategy = tpeStrategy(space, 3, 1);
  expect(strategy.propose(2, [], [{ a: 1 }, { a: 3 }])).toEqual({ a: 2 });
});

it("cma waits for the generation before", () => {
  const strategy = cmaStrategy(plane, 60, 1);
  const history = run(strategy, hill);
  // Six points are a generation in the plane: 4 + ⌊3 ln 2⌋.
  expect(strategy.propose(6, history.slice(0, 5), [])).toBe("wait");
  expect(strategy.propose(5, [], [])).toEqual(history[5]?.parameters);
  expect(strategy.propose(7, history.slice(0, 6), [])).toEqual(history[7]?.parameters);
});

it("eigenvectors of a symmetric matrix make it again", () => {
  const matrix = [
    [4, 1, -2],
    [1, 2, 0],
    [-2, 0, 3],
  ];
  const { values, vectors } = symmetricEigen(matrix);
  for (const [i, row] of matrix.entries())
    for (const [j, expected] of row.entries()) {
      const made = values.reduce(
        (sum, value, k) => sum + value * (vectors[i]?.[k] as number) * (vectors[j]?.[k] as number),
        0,
      );
      expect(made).toBeCloseTo(expected, 12);
    }
});
