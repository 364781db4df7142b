/** What is kept of a finished tensor: in the journal, and from there in the manifest. */
import type { ModelCounts } from "../native/addon.ts";
import type { ScopeCut } from "./cut-search.ts";
import type { Measured, ScopeSlack, ScopeTrim } from "./measure.ts";
import type { TensorOutcome } from "./operations.ts";

/** A cut as people read it: values instead of keys. */
export interface CutRecord {
  readonly threshold: number;
  readonly tied: number;
  readonly taken: number;
}

export interface ModelRecord extends ModelCounts {
  readonly model: string;
  /** Absent where the cut was made over the whole model, or nothing is trimmed by the method. */
  readonly trim?: "everything" | "nothing" | CutRecord;
  readonly norms?: { readonly before: number; readonly after: number; readonly factor: number };
}

export interface SlackRecord {
  readonly retained: number;
  readonly discarded: number;
  readonly given: number;
  readonly cut: CutRecord | null;
}

export interface TensorRecord {
  readonly name: string;
  readonly hashes: readonly string[];
  readonly models: readonly ModelRecord[];
  readonly conflicts: number;
  readonly givenBack: number;
  readonly saturated: number;
  readonly slack?: SlackRecord;
}

/** Cuts made over the whole model. */
export interface ScopeRecord {
  readonly models: readonly Omit<ModelRecord, keyof ModelCounts>[];
  readonly zeroSign: number;
  readonly slack?: SlackRecord;
}

/** `labels`: one a task vector; none where the method has no task vectors, and so counts nothing. */
export function recordOf(name: string, outcome: TensorOutcome, labels: readonly string[]): TensorRecord {
  const { hashes, counts, measured } = outcome;
  const models = labels.flatMap((model, i): ModelRecord[] => {
    const own = counts?.models[i];
    if (own === undefined) return [];
    return [{ model, ...own, ...(measured === null ? {} : trimOf(measured, i)) }];
  });
  return {
    name,
    hashes,
    models,
    conflicts: counts?.conflicts ?? 0,
    givenBack: counts?.givenBack ?? 0,
    saturated: counts?.saturated ?? 0,
    ...(measured?.slack ? { slack: slackRecord(measured.slack) } : {}),
  };
}

export function scopeRecord(measured: Measured, labels: readonly string[]): ScopeRecord {
  return {
    models: labels.map((model, i) => ({ model, ...trimOf(measured, i) })),
    zeroSign: measured.zeroSign,
    ...(measured.slack ? { slack: slackRecord(measured.slack) } : {}),
  };
}

function trimOf(measured: Measured, model: number): Pick<ModelRecord, "trim" | "norms"> {
  const trim = measured.trims[model] as ScopeTrim;
  const norms = measured.norms?.[model];
  return {
    trim: trim.kind === "cut" ? cutRecord(trim.cut, trim.cut.threshold) : trim.kind,
    ...(norms ? { norms } : {}),
  };
}

function slackRecord({ retained, discarded, given, cut }: ScopeSlack): SlackRecord {
  // A loss's key is 0x7fffffff - bits(|s|); a key of 0 stands for "all of them".
  const bits = cut === null || cut.threshold === 0 ? 0x7f7fffff : 0x7fffffff - cut.threshold;
  return { retained, discarded, given, cut: cut === null ? null : cutRecord(cut, bits) };
}

function cutRecord({ tied, taken }: ScopeCut, bits: number): CutRecord {
  return { threshold: floatFromBits(bits), tied, taken };
}

function floatFromBits(bits: number): number {
  return new Float32Array(new Uint32Array([bits]).buffer)[0] as number;
}
