/** A plain analysis of one scope, from the definitions: whole arrays, one parameter at a time. */
import { exactCut } from "../execute/reference-cut.ts";
import type { ReferenceSettings } from "../execute/reference-merge.ts";

const f32 = Math.fround;

export interface AnalysedTensor {
  readonly name: string;
  readonly base: Float32Array;
  readonly models: readonly Float32Array[];
}

/** Of one parameter: task vectors, trimmed ones, votes, their sum, and who loses. */
interface Ballot {
  readonly tensor: number;
  readonly tau: readonly number[];
  readonly trimmed: readonly number[];
  readonly sum: number;
  lost: readonly boolean[];
  given: boolean;
}

export interface ReferenceFigures {
  readonly conflicts: number;
  readonly zeroVotes: number;
  readonly givenBack: number;
  readonly largestForgiven: number | null;
  readonly models: readonly Record<string, number>[];
  readonly pairs: readonly Record<string, number | null>[];
}

/** The figures of each tensor of a scope; rescaling is not part of this reference. */
export function referenceAnalysis(
  tensors: readonly AnalysedTensor[],
  settings: ReferenceSettings,
): Map<string, ReferenceFigures> {
  if (settings.scope === "tensor")
    return new Map(tensors.flatMap((tensor) => [...analysedScope([tensor], settings)]));
  const ordered = [...tensors].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return analysedScope(ordered, settings);
}

function analysedScope(tensors: readonly AnalysedTensor[], settings: ReferenceSettings) {
  const taus = settings.weights.map((_, m) =>
    tensors.flatMap(({ base, models }) =>
      Array.from(models[m] as Float32Array, (value, p) => f32(value - (base[p] as number))),
    ),
  );
  const kept = taus.map((tau, m) => keptBy(tau, settings.densities[m] as number));
  const weights = settings.weights.map((weight) => (settings.electionWeights ? f32(weight) : 1));
  const owner = tensors.flatMap(({ base }, t) => Array.from(base, () => t));
  const ballots = owner.map((tensor, p): Ballot => {
    const tau = taus.map((own) => own[p] as number);
    const trimmed = tau.map((value, m) => (kept[m]?.[p] ? value : 0));
    const votes = trimmed.map((value, m) => f32(value * (weights[m] as number)));
    const sum = votes.reduce((total, vote) => f32(total + vote), 0);
    return { tensor, tau, trimmed, sum, lost: [], given: false };
  });
  elect(ballots, weights, settings);
  return new Map(
    tensors.map(({ name }, t) => [
      name,
      figuresOf(
        ballots.filter(({ tensor }) => tensor === t),
        settings,
      ),
    ]),
  );
}

function keptBy(tau: readonly number[], density: number): boolean[] {
  const wanted = density === 0 ? 0 : Math.max(1, Math.floor(density * tau.length));
  if (wanted === 0 || wanted >= tau.length) return tau.map(() => wanted > 0);
  return exactCut(tau.map(Math.abs), wanted).selected;
}

function elect(ballots: readonly Ballot[], weights: readonly number[], settings: ReferenceSettings): void {
  const balance = ballots.reduce((total, { sum }) => total + Math.sign(sum), 0);
  for (const ballot of ballots) {
    const votes = ballot.trimmed.map((value, m) => f32(value * (weights[m] as number)));
    const atZero = {
      plus: 1,
      majority: Math.sign(balance),
      priority: Math.sign(votes[settings.priority] as number),
    }[settings.zeroSign];
    const sign = ballot.sum === 0 ? atZero : Math.sign(ballot.sum);
    ballot.lost = ballot.trimmed.map(
      (value, m) => value !== 0 && (sign === 0 || Math.sign(votes[m] as number) !== sign),
    );
  }
  if (settings.method !== "ties_sv") return;
  const { priority, slack, slackOf } = settings;
  const losses = ballots.filter(({ lost }) => lost[priority]);
  const retained = ballots.filter(({ trimmed }) => trimmed[priority] !== 0).length;
  const wanted = Math.min(
    losses.length,
    Math.floor(slack * (slackOf === "retained" ? retained : losses.length)),
  );
  if (wanted === 0) return;
  const { selected } = exactCut(
    losses.map(({ sum }) => -Math.abs(sum)),
    wanted,
  );
  for (const [i, loss] of losses.entries()) loss.given = selected[i] as boolean;
}

const isConflict = ({ trimmed }: Ballot) => trimmed.some((v) => v > 0) && trimmed.some((v) => v < 0);
const isZeroVote = ({ trimmed, sum }: Ballot) => sum === 0 && trimmed.some((v) => v !== 0);

function figuresOf(ballots: readonly Ballot[], { weights, priority }: ReferenceSettings): ReferenceFigures {
  const count = (test: (ballot: Ballot) => boolean) => ballots.filter(test).length;
  const sum = (value: (ballot: Ballot) => number) => ballots.reduce((total, one) => total + value(one), 0);
  const largest = (value: (ballot: Ballot) => number) =>
    ballots.reduce((most, one) => Math.max(most, value(one)), 0);
  const given = ballots.filter((ballot) => ballot.given);
  const models = weights.map((_, m) => {
    const tau = (ballot: Ballot) => ballot.tau[m] as number;
    const trimmed = (ballot: Ballot) => ballot.trimmed[m] as number;
    const lost = (ballot: Ballot) => ballot.lost[m] as boolean;
    const retained = count((b) => trimmed(b) !== 0);
    const discarded = count(lost);
    return {
      parameters: ballots.length,
      zero: count((b) => tau(b) === 0),
      retained,
      inConflict: count((b) => trimmed(b) !== 0 && isConflict(b)),
      conflictsLost: count((b) => lost(b) && isConflict(b)),
      zeroVotes: count((b) => trimmed(b) !== 0 && isZeroVote(b)),
      discarded,
      discardedWithoutZeroVotes: count((b) => lost(b) && !isZeroVote(b)),
      kept: retained - discarded,
      givenBack: m === priority ? given.length : 0,
      l1: sum((b) => Math.abs(tau(b))),
      l2: Math.sqrt(sum((b) => tau(b) ** 2)),
      largest: largest((b) => Math.abs(tau(b))),
      l1Trimmed: sum((b) => Math.abs(trimmed(b))),
      l2Trimmed: Math.sqrt(sum((b) => trimmed(b) ** 2)),
      largestTrimmed: largest((b) => Math.abs(trimmed(b))),
      l1Discarded: sum((b) => (lost(b) ? Math.abs(trimmed(b)) : 0)),
      l1GivenBack: m === priority ? sum((b) => (b.given ? Math.abs(trimmed(b)) : 0)) : 0,
    };
  });
  const pairs = weights.flatMap((_, i) =>
    weights.slice(i + 1).map((_, offset) => pairOf(ballots, i, i + 1 + offset)),
  );
  return {
    conflicts: count(isConflict),
    zeroVotes: count(isZeroVote),
    givenBack: given.length,
    largestForgiven: given.length === 0 ? null : Math.max(...given.map((b) => Math.abs(b.sum))),
    models,
    pairs,
  };
}

function pairOf(ballots: readonly Ballot[], i: number, j: number): Record<string, number | null> {
  const product = (values: readonly number[]) => (values[i] as number) * (values[j] as number);
  const signs = (values: readonly number[]) =>
    Math.sign(values[i] as number) * Math.sign(values[j] as number);
  const cosine = (of: "tau" | "trimmed") => {
    const norm = (m: number) => Math.sqrt(ballots.reduce((sum, b) => sum + (b[of][m] as number) ** 2, 0));
    const norms = norm(i) * norm(j);
    return norms === 0 ? null : ballots.reduce((sum, b) => sum + product(b[of]), 0) / norms;
  };
  return {
    same: ballots.filter((b) => signs(b.tau) > 0).length,
    opposite: ballots.filter((b) => signs(b.tau) < 0).length,
    sameTrimmed: ballots.filter((b) => signs(b.trimmed) > 0).length,
    oppositeTrimmed: ballots.filter((b) => signs(b.trimmed) < 0).length,
    cosine: cosine("tau"),
    cosineTrimmed: cosine("trimmed"),
  };
}
