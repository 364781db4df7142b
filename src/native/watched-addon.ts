/** An addon whose calls tell what they cost. */
import { addon, type NativeAddon, type NativeSource, replaceAddon, type Sampling } from "./addon.ts";
import { threadCostReader } from "./thread-cost.ts";

/** One call, once it has given back control. */
export interface NativeCall {
  /** Of the function; `sample` for those that count a sample only. */
  readonly name: string;
  /** Of {@link performance.now}. */
  readonly started: number;
  readonly returned: number;
  readonly cpuSeconds: number;
  /** Ready to run, but without a core. What is left of the wall time was spent asleep: waiting for a page of an input. */
  readonly queuedSeconds: number;
  /** Bytes of inputs that it has gone through, from the disk or not. */
  readonly readBytes: number;
  /** The end of a write that goes on by itself. */
  readonly written: Promise<unknown> | null;
}

/**
 * From now on this thread's calls are told, but for those that throw: for those who measure, since each takes some
 * microseconds more.
 * @throws {TiesmithError} `ADDON_MISSING`
 */
export function watchCalls(heard: (call: NativeCall) => void): void {
  replaceAddon(watched(addon(), heard));
}

function watched(bare: NativeAddon, heard: (call: NativeCall) => void): NativeAddon {
  const readCost = threadCostReader(bare.threadCpuSeconds);
  const watch =
    (name: string, run: (...words: unknown[]) => unknown) =>
    (...words: unknown[]) => {
      // Costs are read within the times, so that what is left of these is never less than nothing.
      const started = performance.now();
      const before = readCost();
      const answer = run(...words);
      const after = readCost();
      const returned = performance.now();
      heard({
        name: words.some(isSampling) ? "sample" : name,
        started,
        returned,
        cpuSeconds: after.cpuSeconds - before.cpuSeconds,
        queuedSeconds: after.queuedSeconds - before.queuedSeconds,
        readBytes: readBytes(words),
        written: answer instanceof Promise ? answer : null,
      });
      return answer;
    };
  const entries = Object.entries(bare).map(([name, value]) => {
    return [name, typeof value === "function" ? watch(name, value as () => unknown) : value];
  });
  return Object.fromEntries(entries) as NativeAddon;
}

/** What most calls work on: `base` and `model`, or `base` and `models`; ranges are copied and hashed. */
interface Job {
  readonly base?: NativeSource | null;
  readonly model?: NativeSource;
  readonly models?: readonly { readonly source?: NativeSource }[];
  readonly elementCount: number;
}

function readBytes(words: readonly unknown[]): number {
  const job = words.find(isJob);
  if (job === undefined) return 0;
  const sources = [job.base, job.model, ...(job.models ?? []).map(({ source }) => source)];
  const perElement = sources.reduce((sum, source) => sum + bytesPerElement(source), 0);
  const sampling = words.find(isSampling);
  const share = sampling === undefined ? 1 : sampling.run / sampling.stride;
  return job.elementCount * perElement * share;
}

function bytesPerElement(source: NativeSource | null | undefined): number {
  if (!source) return 0;
  return source.dtype === "F32" ? 4 : 2;
}

function isJob(word: unknown): word is Job {
  return typeof word === "object" && word !== null && "elementCount" in word;
}

function isSampling(word: unknown): word is Sampling {
  return typeof word === "object" && word !== null && "stride" in word && "run" in word;
}
