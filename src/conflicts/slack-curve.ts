/** How much slack forgives how large a difference: exact points at the edges of bins of |sum of votes|. */
import type { LossesOperation } from "../execute/operations.ts";
import type { LossTally } from "../native/addon.ts";
import type { SlackCurve, SlackPoint } from "./report-data.ts";
import type { Question } from "./sweep-variants.ts";

/** Half of the points of a curve are spread evenly over the losses, half over the bins, which are even in the logarithm. */
const HALF_OF_POINTS = 256;
const HALF_OF_TENSOR_POINTS = 32;

type SlackOf = "retained" | "discarded";

/** Losses by bin. */
class Losses {
  retained = 0;
  discarded = 0;
  readonly bins = new Map<number, { count: number; largest: number }>();

  add({ retained, discarded, bins }: LossTally): void {
    this.retained += retained;
    this.discarded += discarded;
    for (let i = 0; i < bins.length; i += 3)
      this.#addBin(bins[i] as number, bins[i + 1] as number, bins[i + 2] as number);
  }

  addAll(other: Losses): void {
    this.retained += other.retained;
    this.discarded += other.discarded;
    for (const [bin, { count, largest }] of other.bins) this.#addBin(bin, count, largest);
  }

  #addBin(bin: number, count: number, largest: number): void {
    const known = this.bins.get(bin);
    if (known === undefined) this.bins.set(bin, { count, largest });
    else {
      known.count += count;
      known.largest = Math.max(known.largest, largest);
    }
  }
}

/** Takes the losses of every chunk. */
export class SlackCurves {
  readonly #losses: readonly Losses[];
  readonly #of: SlackOf;

  constructor(tensorCount: number, of: SlackOf) {
    this.#losses = Array.from({ length: tensorCount }, () => new Losses());
    this.#of = of;
  }

  readonly question: Question<LossesOperation> = {
    operationOf: (chunk, measured) => ({ kind: "losses", chunk, measured }),
    take: (tensor, _, tally) => this.#losses[tensor]?.add(tally),
  };

  curve(): SlackCurve {
    const all = new Losses();
    for (const losses of this.#losses) all.addAll(losses);
    const points = pointsOf(all, this.#of, HALF_OF_POINTS);
    const { retained, discarded } = all;
    return { of: this.#of, retained, discarded, points, knee: kneeOf(points) };
  }

  tensorPoints(tensor: number): SlackPoint[] {
    return pointsOf(this.#losses[tensor] as Losses, this.#of, HALF_OF_TENSOR_POINTS);
  }
}

function pointsOf(losses: Losses, of: SlackOf, half: number): SlackPoint[] {
  const total = losses[of];
  let given = 0;
  const all = [...losses.bins]
    .sort(([a], [b]) => a - b)
    .map(([, { count, largest }]): SlackPoint => {
      given += count;
      return { slack: shareThatGives(given, total), given, largestForgiven: floatFromBits(largest) };
    });
  return thinned(all, half);
}

/** The share whose product with the total, rounded down as a merge does it, is the count: at most a rounding above count / total. */
export function shareThatGives(count: number, total: number): number {
  let share = count / total;
  while (Math.floor(share * total) < count) share *= 1 + Number.EPSILON;
  return Math.min(1, share);
}

function thinned(points: readonly SlackPoint[], half: number): SlackPoint[] {
  if (points.length <= 2 * half) return [...points];
  const chosen = new Set([points.length - 1]);
  const last = points.at(-1) as SlackPoint;
  let next = 0;
  for (let i = 0; i < half; i++) {
    chosen.add(Math.floor((i * points.length) / half));
    const wanted = ((i + 1) * last.given) / half;
    while ((points[next] as SlackPoint).given < wanted) next++;
    chosen.add(next);
  }
  return points.filter((_, i) => chosen.has(i));
}

/** Where a curve from (0, 0) is farthest below its chord (Satopää et al., 2011, "Kneedle", without its smoothing). */
export function kneeOf(points: readonly SlackPoint[]): SlackPoint | null {
  const last = points.at(-1);
  if (last === undefined || last.largestForgiven === 0) return null;
  const below = ({ slack, largestForgiven }: SlackPoint) =>
    slack / last.slack - largestForgiven / last.largestForgiven;
  const knee = points.reduce((best, point) => (below(point) > below(best) ? point : best));
  return below(knee) > 0 ? knee : null;
}

function floatFromBits(bits: number): number {
  return new Float32Array(new Uint32Array([bits]).buffer)[0] as number;
}
