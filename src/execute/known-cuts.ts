/**
 * What of a merge's measuring a {@link CutCache} knows, and what the merge adds to it.
 *
 * Trims and norms of a task vector depend on its two models and its densities only, so that in a grid of densities
 * each is measured once. The majority sign and the slack cut depend on the whole election, but not on lambda.
 */
import { createHash } from "node:crypto";
import type { TiesArithmetic } from "../methods/method.ts";
import type { MergePlan, PlannedModel } from "../plan/merge-plan.ts";
import { VERSION } from "../version.ts";
import type { CutCache } from "./cut-cache.ts";
import { type KnownParts, type Measured, type ScopeNorms, type ScopeTrim, wholeOf } from "./measure.ts";
import type { TensorWork } from "./tensor-work.ts";
import { isCopy, type Work } from "./work.ts";

type Election = Pick<Measured, "zeroSign" | "slack">;

/** Under which keys a merge's parts are kept; each holds one value a scope. */
interface Keys {
  readonly trims: readonly string[];
  /** Null without `rescale`. */
  readonly norms: readonly string[] | null;
  /** Null where nothing is elected but by rule, and nothing given back. */
  readonly election: string | null;
}

export class KnownCuts {
  readonly #cache: CutCache;
  readonly #keys: Keys;
  /** The scopes of the merge: tensors by name, or the model. */
  readonly #scopes: ReadonlyMap<string, TiesArithmetic>;
  readonly #known = new Map<string, KnownParts>();
  readonly #measured = new Map<string, Measured>();

  constructor(cache: CutCache, plan: MergePlan, works: readonly Work[]) {
    const tensors = works.filter(isTies);
    this.#cache = cache;
    this.#scopes = scopesOf(plan, tensors);
    this.#keys = keysOf(plan, tensors);
    const parts = partsIn(cache, this.#keys);
    for (const [i, scope] of [...this.#scopes.keys()].entries()) this.#known.set(scope, parts(i));
  }

  /** What is known of a scope: a tensor by name, or {@link WHOLE_MODEL}. */
  parts(scope: string): KnownParts | undefined {
    return this.#known.get(scope);
  }

  /** What a scope was measured as, if all of it is known. */
  measured(scope: string): Measured | null {
    const arithmetic = this.#scopes.get(scope);
    const parts = this.#known.get(scope);
    return arithmetic === undefined || parts === undefined ? null : wholeOf(arithmetic, parts);
  }

  /** Hears what a scope was measured as, by this merge or by an earlier one. */
  take(scope: string, measured: Measured | null): void {
    if (measured !== null && this.#scopes.has(scope)) this.#measured.set(scope, measured);
  }

  /**
   * Keeps what was measured, if it was all of it: a resumed merge measures a part only.
   * @throws {TiesmithError} `NO_PERMISSION`, `DISK_FULL`, `IO_FAILED`
   */
  keep(): void {
    const all = [...this.#scopes.keys()].map((scope) => this.#measured.get(scope));
    if (all.length === 0 || all.some((measured) => measured === undefined)) return;
    const measured = all as Measured[];
    const { trims, norms, election } = this.#keys;
    const keep = (key: string, part: (one: Measured) => unknown) => {
      if (this.#cache.get(key) === undefined) this.#cache.set(key, measured.map(part));
    };
    for (const [model, key] of trims.entries()) keep(key, (one) => one.trims[model]);
    for (const [model, key] of norms?.entries() ?? []) keep(key, (one) => one.norms?.[model]);
    if (election !== null) keep(election, ({ zeroSign, slack }): Election => ({ zeroSign, slack }));
  }
}

/** The scope of a merge whose cuts are made over the model. */
export const WHOLE_MODEL = "";

/** Empty tensors have nothing to measure. */
function isTies(work: Work): work is TensorWork & { readonly arithmetic: TiesArithmetic } {
  return !isCopy(work) && work.arithmetic.kind === "ties" && work.elementCount > 0;
}

type TiesWork = TensorWork & { readonly arithmetic: TiesArithmetic };

function scopesOf(plan: MergePlan, tensors: readonly TiesWork[]): Map<string, TiesArithmetic> {
  const [first] = tensors;
  if (first === undefined) return new Map();
  if (plan.scope === "model") return new Map([[WHOLE_MODEL, first.arithmetic]]);
  return new Map(tensors.map(({ name, arithmetic }) => [name, arithmetic]));
}

function keysOf(plan: MergePlan, tensors: readonly TiesWork[]): Keys {
  const arithmetics = tensors.map(({ arithmetic }) => arithmetic);
  const grid = tensors.map(({ name, elementCount, chunkElements }) => [name, elementCount, chunkElements]);
  const shared = [VERSION, plan.scope, plan.base === null ? null : identityOf(plan.base), grid];
  const trims = plan.models.map((model, i) =>
    keyOf(["trims", shared, identityOf(model), arithmetics.map(({ densities }) => densities[i])]),
  );
  const isRescaled = arithmetics.some(({ rescale }) => rescale);
  const isElected = arithmetics.some(({ slack, zeroSign }) => slack !== null || zeroSign === "majority");
  // Of what an election depends on, in every tensor: weights may differ within a scope. Lambda and normalize come after.
  const elections = arithmetics.map(({ lambda: _, normalize: __, ...rest }) => rest);
  return {
    trims,
    norms: isRescaled ? trims.map((key) => keyOf(["norms", key])) : null,
    election: isElected ? keyOf(["election", trims, elections]) : null,
  };
}

/** A file that is written anew has another time, as for `--resume`. */
function identityOf({ files }: PlannedModel): unknown {
  return files.map(({ path, byteSize, modifiedNs, headerHash }) => [path, byteSize, modifiedNs, headerHash]);
}

function keyOf(facts: unknown): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}

/** The parts of each scope, by its index. */
function partsIn(cache: CutCache, { trims, norms, election }: Keys): (scope: number) => KnownParts {
  const read = <T>(key: string) => cache.get(key) as readonly T[] | undefined;
  const knownTrims = trims.map((key) => read<ScopeTrim>(key));
  const knownNorms = norms?.map((key) => read<ScopeNorms>(key)) ?? null;
  const knownElections = election === null ? null : read<Election>(election);
  return (scope) => ({
    trims: knownTrims.map((known) => known?.[scope] ?? null),
    norms: knownNorms?.map((known) => known?.[scope] ?? null) ?? null,
    election: election === null ? "by rule" : (knownElections?.[scope] ?? null),
  });
}
