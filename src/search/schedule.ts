/** Which trials a search still needs, from what its journal tells. */
import { survivors } from "./halving.ts";
import type { JournalState, TrialRecord } from "./journal.ts";
import type { Parameters } from "./results.ts";
import type { MethodSpec, SearchSpec } from "./spec.ts";
import { strategyFor } from "./strategies/registry.ts";
import type { Observation, Strategy } from "./strategies/strategy.ts";

/** A trial to run: a candidate in one round. */
export interface Job {
  readonly key: string;
  readonly method: MethodSpec;
  readonly number: number;
  readonly round: number;
  readonly parameters: Parameters;
}

/** The trials of one method. */
export interface MethodSchedule {
  readonly method: MethodSpec;
  /** Trials in the first round. */
  readonly trialCount: number;
  /**
   * The jobs that can be run now and are not done, in their order.
   * @param pending points that other processes try at this moment, by key
   */
  jobs(state: JournalState, pending: ReadonlyMap<string, Parameters>): Generator<Job>;
  /** Whether nothing is left to do. */
  isDone(state: JournalState): boolean;
}

/** The schedule of each method of a spec. */
export function schedulesOf(spec: SearchSpec, rounds: readonly number[]): MethodSchedule[] {
  return spec.methods.map((method) => {
    const strategy = strategyFor(spec, method);
    return new RoundSchedule(method, strategy, rounds.length, spec.halving?.factor ?? 1);
  });
}

/** The key of a trial in a round: what claims and journal call it. */
function keyOf(method: MethodSpec, number: number, round: number, rounds: number): string {
  return rounds === 1 ? `${method.name}-${number}` : `${method.name}-${number}-${round}`;
}

class RoundSchedule implements MethodSchedule {
  readonly method: MethodSpec;
  readonly trialCount: number;
  readonly #strategy: Strategy;
  readonly #rounds: number;
  readonly #factor: number;

  constructor(method: MethodSpec, strategy: Strategy, rounds: number, factor: number) {
    this.method = method;
    this.trialCount = strategy.trialCount;
    this.#strategy = strategy;
    this.#rounds = rounds;
    this.#factor = factor;
  }

  *jobs(state: JournalState, pending: ReadonlyMap<string, Parameters>): Generator<Job> {
    const first = this.#recordsOf(state, 0);
    const isOver = yield* this.#firstRound(first, pending);
    let round = first;
    for (let at = 1; at < this.#rounds && isOver; at++) {
      const records = new Map(this.#recordsOf(state, at).map((record) => [record.number, record]));
      const candidates = survivors(round, this.#factor);
      const missing = candidates.filter(({ number }) => !records.has(number));
      for (const { number, parameters } of missing) yield this.#job(number, at, parameters);
      if (missing.length > 0) return;
      round = candidates.map(({ number }) => records.get(number) as TrialRecord);
    }
  }

  isDone(state: JournalState): boolean {
    if (this.#recordsOf(state, 0).length < this.trialCount) return false;
    return this.jobs(state, new Map()).next().done === true;
  }

  /** Yields what is missing of the first round; tells whether it is over. */
  *#firstRound(
    records: readonly TrialRecord[],
    pending: ReadonlyMap<string, Parameters>,
  ): Generator<Job, boolean> {
    const done = new Set(records.map(({ number }) => number));
    const history = observationsOf(records);
    const mine = (number: number) => pending.get(this.#job(number, 0, {}).key);
    let isOver = true;
    for (let number = 0; number < this.trialCount; number++) {
      if (done.has(number)) continue;
      // What another process tries is not worked out again.
      if (mine(number) !== undefined) {
        isOver = false;
        continue;
      }
      const point = this.#strategy.propose(number, history, [...pending.values()]);
      isOver = false;
      if (point === "wait") break;
      yield this.#job(number, 0, point);
    }
    return isOver;
  }

  #job(number: number, round: number, parameters: Parameters): Job {
    const key = keyOf(this.method, number, round, this.#rounds);
    return { key, method: this.method, number, round, parameters };
  }

  #recordsOf({ trials }: JournalState, round: number): TrialRecord[] {
    const { name } = this.method;
    return [...trials.values()]
      .filter((record) => record.method === name && record.round === round && record.number < this.trialCount)
      .sort((a, b) => a.number - b.number);
  }
}

function observationsOf(records: readonly TrialRecord[]): Observation[] {
  return records.map(({ number, parameters, objective }) => ({ number, parameters, objective }));
}
