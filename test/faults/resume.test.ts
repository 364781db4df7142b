/** Interrupting, resuming and discarding: what is taken over, what is done again, what is refused. */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MergeOptions, type MergeProgress, merge, plan, type RecipeInput } from "tiesmith";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { flipBit } from "../execute/made-folder.ts";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";

let folder = "";
let out = "";
let partial = "";
let finished: unknown;
let tensorCount = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  out = join(folder, "out");
  partial = `${out}.partial`;
  ({ tensorCount } = await merge(recipe(), { ...FAULT_OPTIONS, out }));
  finished = folderFacts(out);
  rmSync(out, { recursive: true });
});
afterEach(() => {
  for (const path of [out, partial]) rmSync(path, { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recipe = (): RecipeInput => faultRecipe(folder);

const mergeAgain = (options: Partial<MergeOptions>, input = recipe()) =>
  merge(input, { ...FAULT_OPTIONS, out, ...options });

/** Aborts when a share of the tensors is done; gives the time that the merge took to stop. */
async function interrupt(share = 0.5): Promise<number> {
  const abort = new AbortController();
  let aborted = 0;
  const merging = mergeAgain({
    signal: abort.signal,
    onProgress: ({ doneTensors, totalTensors }) => {
      if (aborted > 0 || doneTensors < share * totalTensors) return;
      aborted = performance.now();
      abort.abort();
    },
  });
  await expect(merging).rejects.toMatchObject({
    name: "TiesmithError",
    code: "INTERRUPTED",
    message: expect.stringContaining(partial),
  });
  return performance.now() - aborted;
}

interface TensorClaim {
  readonly kind: string;
  readonly record?: { readonly name: string };
}

/** The names of the tensors that the journal claims, in its order. */
function claims(): string[] {
  const lines = readFileSync(join(partial, "journal.jsonl"), "utf8").trimEnd().split("\n");
  const records = lines.map((line) => JSON.parse(line.slice(line.indexOf(" "))) as TensorClaim);
  return records.flatMap(({ kind, record }) => (kind === "tensor" && record ? [record.name] : []));
}

describe("an interrupted merge", () => {
  it("stops within a second, keeps OUT.partial, and goes on where it was", async () => {
    expect(await interrupt()).toBeLessThan(1000);
    expect(existsSync(out)).toBe(false);
    const claimed = claims().length;
    expect(claimed).toBeGreaterThanOrEqual(Math.floor(tensorCount / 2));
    expect(claimed).toBeLessThan(tensorCount);
    const { resumedTensors } = await mergeAgain({ resume: true });
    expect(resumedTensors).toBe(claimed);
    expect(folderFacts(out)).toEqual(finished);
    expect(existsSync(partial)).toBe(false);
  });

  it.each([{}, { sha256: true }])(
    "stops while it is sealed with %j, and merges nothing twice",
    async (options) => {
      const abort = new AbortController();
      const onProgress = ({ phase }: MergeProgress) => {
        if (phase === "seal") abort.abort();
      };
      const merging = mergeAgain({ signal: abort.signal, onProgress, ...options });
      await expect(merging).rejects.toMatchObject({ code: "INTERRUPTED" });
      expect(existsSync(out)).toBe(false);
      expect(await mergeAgain({ resume: true })).toMatchObject({ resumedTensors: tensorCount });
      expect(folderFacts(out)).toEqual(finished);
    },
  );

  it("does its shards' headers again, which the journal does not speak of", async () => {
    await interrupt();
    for (const { shard } of finishedHeaders()) flipBit(join(partial, shard), 20);
    await mergeAgain({ resume: true });
    expect(folderFacts(out)).toEqual(finished);
  });

  it("before it began leaves nothing", async () => {
    const merging = mergeAgain({ signal: AbortSignal.abort() });
    await expect(merging).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect([existsSync(out), existsSync(partial)]).toEqual([false, false]);
  });

  it("goes on with another number of threads", async () => {
    await interrupt();
    await mergeAgain({ resume: true, threads: 1 });
    expect(folderFacts(out)).toEqual(finished);
  });

  it("does a tensor again whose bytes are not what the journal says", async () => {
    await interrupt();
    const claimed = claims();
    const [name] = claimed as [string];
    const { shard, position } = placeOf(name);
    flipBit(join(partial, shard), position);
    const { resumedTensors } = await mergeAgain({ resume: true });
    expect(resumedTensors).toBe(claimed.length - 1);
    expect(folderFacts(out)).toEqual(finished);
  });

  it("does all tensors of a shard again that was cut short", async () => {
    await interrupt();
    const claimed = claims();
    const { shard } = placeOf(claimed[0] as string);
    truncateSync(join(partial, shard), 5000);
    const lost = claimed.filter((name) => placeOf(name, finishedHeaders()).shard === shard);
    const { resumedTensors } = await mergeAgain({ resume: true });
    expect(resumedTensors).toBe(claimed.length - lost.length);
    expect(folderFacts(out)).toEqual(finished);
  });

  const tornTails: [what: string, tear: (journal: string) => void, lost: number][] = [
    ["half a record", (journal) => truncateSync(journal, readFileSync(journal).length - 40), 1],
    ["a record without its end", (journal) => appendFileSync(journal, '0123456789abcdef {"kind":"tens'), 0],
    ["a line of zeros", (journal) => appendFileSync(journal, `${"\0".repeat(64)}\n`), 0],
    ["a record with a wrong checksum", (journal) => appendFileSync(journal, `${"0".repeat(16)} {}\n`), 0],
  ];
  it.each(tornTails)("ignores %s at the journal's end", async (_, tear, lost) => {
    await interrupt();
    const claimed = claims().length;
    tear(join(partial, "journal.jsonl"));
    const { resumedTensors } = await mergeAgain({ resume: true });
    expect(resumedTensors).toBe(claimed - lost);
    expect(folderFacts(out)).toEqual(finished);
  });

  it("whose journal is empty starts again", async () => {
    await interrupt();
    writeFileSync(join(partial, "journal.jsonl"), "");
    expect(await mergeAgain({ resume: true })).toMatchObject({ resumedTensors: 0 });
    expect(folderFacts(out)).toEqual(finished);
  });
});

interface Header {
  readonly shard: string;
  readonly dataStart: number;
  readonly entries: Readonly<Record<string, { readonly data_offsets: readonly [number, number] }>>;
}

function headersOf(names: readonly string[], root: string): Header[] {
  return names.map((shard) => {
    const file = readFileSync(join(root, shard));
    const dataStart = 8 + Number(file.readBigUInt64LE());
    return { shard, dataStart, entries: JSON.parse(file.toString("utf8", 8, dataStart)) };
  });
}

const shardNames = () => Object.keys(finished as object).filter((name) => name.endsWith(".safetensors"));
let headers: Header[] | undefined;
/** The layout does not change from run to run. */
function finishedHeaders(): Header[] {
  headers ??= headersOf(shardNames(), partial);
  return headers;
}

/** The file that holds a tensor, and the place of its first byte. */
function placeOf(name: string, among = finishedHeaders()): { shard: string; position: number } {
  const header = among.find(({ entries }) => name in entries) as Header;
  const [begin] = (header.entries[name] as Header["entries"][string]).data_offsets;
  return { shard: header.shard, position: header.dataStart + begin };
}

describe("what an interrupted merge has left is", () => {
  const linear = (): RecipeInput => ({
    merge_method: "linear",
    models: recipe().models.map(({ model }) => ({ model, parameters: { weight: 1 } })),
  });
  const changed: [what: string, input: () => RecipeInput, options: Partial<MergeOptions>][] = [
    ["another parameter", () => ({ ...recipe(), parameters: { ...recipe().parameters, slack: 0.5 } }), {}],
    ["another method", linear, {}],
    ["another format", () => ({ ...recipe(), out_dtype: "float32" }), {}],
    ["another grid of chunks", recipe, { chunkElements: 1 << 15 }],
    ["other shards", recipe, { maxShardBytes: 4e6 }],
    ["clamping", recipe, { saturate: true }],
  ];
  it.each(changed)("refused for %s", async (_, input, options) => {
    await interrupt();
    await expect(mergeAgain({ resume: true, ...options }, input())).rejects.toMatchObject({
      code: "RESUME_MISMATCH",
      message: expect.stringMatching(/out\.partial.*--restart/),
    });
    expect(existsSync(join(partial, "journal.jsonl"))).toBe(true);
    expect(existsSync(out)).toBe(false);
  });

  it("refused when an input was changed since", async () => {
    await interrupt();
    utimesSync(join(folder, "sft", "model.safetensors"), new Date(), new Date());
    await expect(mergeAgain({ resume: true })).rejects.toMatchObject({ code: "RESUME_MISMATCH" });
  });

  it("refused without resume, by plan too", async () => {
    await interrupt();
    const found = {
      code: "OUTPUT_EXISTS",
      message: expect.stringMatching(/out\.partial.*--resume.*--restart/),
    };
    await expect(mergeAgain({})).rejects.toMatchObject(found);
    expect(plan(recipe(), { out }).problems).toMatchObject([found]);
    expect(plan(recipe(), { out, resume: true }).problems).toEqual([]);
    expect(claims().length).toBeGreaterThan(0);
  });

  it("discarded by restart", async () => {
    await interrupt();
    writeFileSync(join(partial, "stranger.txt"), "");
    expect(await mergeAgain({ restart: true })).toMatchObject({ resumedTensors: 0 });
    expect(existsSync(join(out, "stranger.txt"))).toBe(false);
    expect(folderFacts(out)).not.toHaveProperty("journal.jsonl");
  });

  it("cleared of files that are not the merge's own", async () => {
    await interrupt();
    writeFileSync(join(partial, "stranger.txt"), "");
    await mergeAgain({ resume: true });
    expect(existsSync(join(out, "stranger.txt"))).toBe(false);
  });
});

describe("an input that changes while it is read", () => {
  it("fails the merge before OUT appears", async () => {
    const path = join(folder, "ct", "model.safetensors");
    let touched = false;
    const merging = mergeAgain({
      onProgress: () => {
        if (!touched) utimesSync(path, new Date(), new Date());
        touched = true;
      },
    });
    await expect(merging).rejects.toMatchObject({
      code: "INPUT_CHANGED",
      message: expect.stringContaining(path),
    });
    expect(existsSync(out)).toBe(false);
  });
});
