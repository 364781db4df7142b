/** The constants of CMA-ES for a number of dimensions (Hansen 2016, "The CMA evolution strategy: a tutorial", Table 1). */

export interface CmaConstants {
  /** λ: points of a generation. */
  readonly population: number;
  /** μ: those with a positive weight. */
  readonly parents: number;
  /** By rank, best first; the worse half's are negative. */
  readonly weights: readonly number[];
  readonly varianceEffective: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  /** E‖N(0, I)‖. */
  readonly expectedNorm: number;
}

export function cmaConstants(n: number): CmaConstants {
  const population = 4 + Math.floor(3 * Math.log(n));
  const parents = Math.floor(population / 2);
  const raw = Array.from({ length: population }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1));
  const [better, worse] = [raw.slice(0, parents), raw.slice(parents)];
  const mu = effective(better);
  const c1 = 2 / ((n + 1.3) ** 2 + mu);
  const cMu = Math.min(1 - c1, (2 * (1 / 4 + mu + 1 / mu - 2)) / ((n + 2) ** 2 + mu));
  const negative = Math.min(1 + c1 / cMu, 1 + (2 * effective(worse)) / (mu + 2), (1 - c1 - cMu) / (n * cMu));
  const cSigma = (mu + 2) / (n + mu + 5);
  return {
    population,
    parents,
    weights: [
      ...better.map((weight) => weight / sum(better)),
      ...worse.map((weight) => (negative * weight) / Math.abs(sum(worse))),
    ],
    varianceEffective: mu,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((mu - 1) / (n + 1)) - 1) + cSigma,
    cC: (4 + mu / n) / (n + 4 + (2 * mu) / n),
    c1,
    cMu,
    expectedNorm: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function effective(weights: readonly number[]): number {
  return sum(weights) ** 2 / sum(weights.map((weight) => weight * weight));
}
