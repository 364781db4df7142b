/** Turns a complete OUT.partial into OUT: companions, manifest, fsync of everything, one rename. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { indexOf } from "../checkpoint/layout.ts";
import { JOURNAL_NAME, MANIFEST_NAME } from "../checkpoint/output-names.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import type { MergePlan, PlannedModel } from "../plan/merge-plan.ts";
import { hashFile } from "./hash-file.ts";
import { COPIED_PIECE_BYTES } from "./hash-grid.ts";
import {
  MANIFEST_FORMAT,
  type Manifest,
  type ManifestInput,
  type ManifestTensor,
  type ModelSummary,
  modelLabels,
  summarizeModels,
} from "./manifest.ts";
import { modelCard } from "./model-card.ts";
import { sha256 } from "./partial-folder.ts";
import type { ScopeRecord, TensorRecord } from "./tensor-record.ts";

export interface SealFacts {
  readonly out: string;
  readonly overwrite: boolean;
  readonly version: string;
  readonly languages: readonly string[];
  readonly hashInputs: boolean;
  readonly records: ReadonlyMap<string, TensorRecord>;
  readonly scope: ScopeRecord | null;
  /** What may differ between two runs. */
  readonly run: Readonly<Record<string, unknown>>;
}

/**
 * @throws {TiesmithError} `INPUT_CHANGED` if an input is not what it was when the merge began
 */
export async function seal(plan: MergePlan, partial: string, facts: SealFacts): Promise<Manifest> {
  checkInputsUnchanged(plan);
  removeLeftovers(plan, partial);
  for (const { name, from } of plan.companions) copyFileSync(from, join(partial, name));
  const write = (name: string, content: unknown) =>
    writeFileSync(
      join(partial, name),
      typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  if (plan.config !== null) write("config.json", plan.config);
  if (plan.shards.length > 1) write("model.safetensors.index.json", indexOf(plan.shards));
  const models = summarizeModels(plan, facts.records.values());
  const card = { name: basename(facts.out), version: facts.version, languages: facts.languages, models };
  write("README.md", modelCard(plan, card));
  const manifest = await makeManifest(plan, partial, facts, models);
  write(MANIFEST_NAME, manifest);
  rmSync(join(partial, JOURNAL_NAME), { force: true });
  for (const name of readdirSync(partial)) syncPath(join(partial, name));
  syncPath(partial);
  moveIntoPlace(partial, facts.out, facts.overwrite);
  return manifest;
}

/** What an earlier attempt at sealing left must not be taken for a part of the output, least of all its manifest. */
function removeLeftovers(plan: MergePlan, partial: string): void {
  const own = new Set([JOURNAL_NAME, ...plan.shards.map((shard) => shard.name)]);
  for (const name of readdirSync(partial))
    if (!own.has(name)) rmSync(join(partial, name), { recursive: true, force: true });
}

/** An input that was written while it was read would make a result that no recipe explains. */
function checkInputsUnchanged(plan: MergePlan): void {
  for (const file of [plan.base, ...plan.models].flatMap((model) => model?.files ?? [])) {
    const facts = statSync(file.path, { bigint: true, throwIfNoEntry: false });
    const same =
      facts !== undefined &&
      String(facts.dev) === file.device &&
      String(facts.ino) === file.inode &&
      Number(facts.size) === file.byteSize &&
      String(facts.mtimeNs) === file.modifiedNs;
    if (!same)
      throw new TiesmithError(
        "INPUT_CHANGED",
        `Expected ${file.path} to stay as it was, but it changed during the merge; run the merge again with --restart`,
        { path: file.path },
      );
  }
}

async function makeManifest(
  plan: MergePlan,
  partial: string,
  facts: SealFacts,
  models: readonly ModelSummary[],
): Promise<Manifest> {
  const labels = modelLabels(plan.models);
  const tensors = plan.tensors.map((tensor): ManifestTensor => {
    const { hashes, ...record } = facts.records.get(tensor.name) as TensorRecord;
    const shard = plan.shards[tensor.output.shardIndex]?.name as string;
    return { ...record, shard, dtype: tensor.output.dtype, shape: tensor.shape, hash: tensorHash(hashes) };
  });
  const sum = (key: "conflicts" | "givenBack" | "saturated") =>
    tensors.reduce((total, tensor) => total + tensor[key], 0);
  const shardNames = new Set(plan.shards.map((shard) => shard.name));
  const others = readdirSync(partial).filter((name) => !shardNames.has(name) && name !== JOURNAL_NAME);
  return {
    format: MANIFEST_FORMAT,
    tiesmith: facts.version,
    method: plan.method,
    scope: plan.scope,
    recipe: plan.recipe,
    hashing: {
      algorithm: "XXH3-128",
      chunkElements: plan.chunkElements,
      copiedPieceBytes: COPIED_PIECE_BYTES,
    },
    inputs: {
      base:
        plan.base === null
          ? null
          : await manifestInput(plan.base, basename(plan.base.reference), facts.hashInputs),
      models: await Promise.all(
        plan.models.map((m, i) => manifestInput(m, labels[i] as string, facts.hashInputs)),
      ),
    },
    models,
    conflicts: sum("conflicts"),
    givenBack: sum("givenBack"),
    saturated: sum("saturated"),
    cuts: facts.scope,
    tensors,
    shards: plan.shards.map(({ name, byteSize, header }) => ({
      name,
      byteSize,
      headerSha256: sha256(header),
    })),
    files: Object.fromEntries(others.sort().map((name) => [name, sha256(readFileSync(join(partial, name)))])),
    run: { ...facts.run, finishedAt: new Date().toISOString(), host: hostname() },
  };
}

/** The hash of a tensor: XXH3-128 of its chunks' 16-byte hashes, one after the other. */
export function tensorHash(chunkHashes: readonly string[]): string {
  return addon().hashBytes(Buffer.from(chunkHashes.join(""), "hex"));
}

async function manifestInput(
  model: PlannedModel,
  label: string,
  withDigest: boolean,
): Promise<ManifestInput> {
  const files = await Promise.all(
    model.files.map(async ({ path, byteSize, modifiedNs, headerHash }) => ({
      name: basename(path),
      byteSize,
      modifiedNs,
      headerHash,
      ...(withDigest ? { sha256: await hashFile(path) } : {}),
    })),
  );
  return { model: label, reference: model.reference, files };
}

/** Makes what was written survive a power cut. */
function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function moveIntoPlace(partial: string, out: string, overwrite: boolean): void {
  const replaced = `${out}.replaced-${process.pid}`;
  const replaces = overwrite && existsSync(out);
  if (!replaces && existsSync(out))
    throw new TiesmithError(
      "OUTPUT_EXISTS",
      `Expected ${out} not to exist, but it appeared during the merge`,
      { out },
    );
  if (replaces) renameSync(out, replaced);
  renameSync(partial, out);
  syncPath(dirname(out));
  if (replaces) rmSync(replaced, { recursive: true, force: true });
}
