/** Turns a complete OUT.partial into OUT: companions, manifest, fsync of everything, one rename. */
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { indexOf, type ShardLayout } from "../checkpoint/layout.ts";
import { JOURNAL_NAME, MANIFEST_NAME } from "../checkpoint/output-names.ts";
import { TiesmithError } from "../errors.ts";
import { addon } from "../native/addon.ts";
import type { MergePlan, PlannedModel, PlannedTensor } from "../plan/merge-plan.ts";
import { allEnded } from "./all-ended.ts";
import { fileDigests } from "./file-digests.ts";
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
import { manifestText } from "./manifest-text.ts";
import { modelCard } from "./model-card.ts";
import { moveFileIntoPlace, moveIntoPlace } from "./move-into-place.ts";
import { sha256 } from "./partial-folder.ts";
import { syncFolder, syncPath } from "./synced-path.ts";
import { systemProblem } from "./system-problem.ts";
import type { ScopeRecord, TensorRecord } from "./tensor-record.ts";
import { throwIfInterrupted } from "./with-pool.ts";

export interface SealFacts {
  readonly out: string;
  readonly overwrite: boolean;
  readonly version: string;
  readonly languages: readonly string[];
  readonly hashInputs: boolean;
  readonly sha256: boolean;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly records: ReadonlyMap<string, TensorRecord>;
  readonly scope: ScopeRecord | null;
  /** What may differ between two runs. */
  readonly run: Readonly<Record<string, unknown>>;
}

/**
 * Gives the manifest that was written. From its return on, a power cut loses nothing.
 * @throws {TiesmithError} `INPUT_CHANGED` if an input is not what it was when the merge began; `INTERRUPTED`;
 *   `DISK_FULL`; `IO_FAILED`
 */
export async function seal(plan: MergePlan, partial: string, facts: SealFacts): Promise<Manifest> {
  checkInputsUnchanged(plan);
  removeLeftovers(plan, partial);
  const models = summarizeModels(plan, facts.records.values());
  // A GGUF file holds config and tokenizer itself.
  if (plan.format === "safetensors") writeCompanions(plan, partial, facts, models);
  const manifest = await makeManifest(plan, partial, facts, models);
  writeFileSync(join(partial, MANIFEST_NAME), manifestText(manifest));
  throwIfInterrupted(facts.signal);
  await syncAll(partial);
  throwIfInterrupted(facts.signal);
  if (plan.format === "safetensors") await moveIntoPlace(partial, facts.out, facts.overwrite);
  else await moveFileIntoPlace(partial, facts.out, facts.overwrite);
  return manifest;
}

function writeCompanions(
  plan: MergePlan,
  partial: string,
  { out, version, languages }: SealFacts,
  models: readonly ModelSummary[],
): void {
  for (const { name, from } of plan.companions) copyFileSync(from, join(partial, name));
  const writeJson = (name: string, content: unknown) =>
    writeFileSync(join(partial, name), `${JSON.stringify(content, null, 2)}\n`);
  if (plan.config !== null) writeJson("config.json", plan.config);
  if (plan.shards.length > 1) writeJson("model.safetensors.index.json", indexOf(plan.shards));
  const card = modelCard(plan, { name: basename(out), version, languages, models });
  writeFileSync(join(partial, "README.md"), card);
}

/** What an earlier attempt at sealing left must not be taken for a part of the output, least of all its manifest. */
function removeLeftovers(plan: MergePlan, partial: string): void {
  const own = new Set([JOURNAL_NAME, ...plan.shards.map((shard) => shard.name)]);
  for (const name of readdirSync(partial))
    if (!own.has(name)) rmSync(join(partial, name), { recursive: true, force: true });
}

/**
 * Makes what was written survive a power cut. The system reports once that it could not, and may then forget it: its
 * cache goes on to show bytes that the disk does not have, and a resumed merge would believe them.
 */
async function syncAll(partial: string): Promise<void> {
  try {
    // All at once: a file system writes its journal for several as for one.
    await allEnded(readdirSync(partial).map((name) => syncPath(join(partial, name))));
    await syncFolder(partial);
  } catch (error) {
    rmSync(join(partial, JOURNAL_NAME), { force: true });
    const { code, message, details } = systemProblem(error);
    throw new TiesmithError(
      code,
      `Expected the disk to keep ${partial}, but it failed (${message}); --resume will merge all of it again`,
      details,
    );
  }
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
  const shardName = ({ name }: ShardLayout) => (plan.format === "gguf" ? basename(facts.out) : name);
  const tensors = plan.tensors.map((tensor): ManifestTensor => {
    const { hashes, ...record } = facts.records.get(tensor.name) as TensorRecord;
    const { shape, output } = tensor;
    const shard = shardName(plan.shards[output.shardIndex] as ShardLayout);
    return { ...record, shard, dtype: output.dtype, shape, hash: tensorHash(hashes), ...ggufPlace(tensor) };
  });
  const sum = (key: "conflicts" | "givenBack" | "saturated") =>
    tensors.reduce((total, tensor) => total + tensor[key], 0);
  const shardNames = new Set(plan.shards.map((shard) => shard.name));
  const others = readdirSync(partial).filter((name) => !shardNames.has(name) && name !== JOURNAL_NAME);
  const digests = await wantedDigests(plan, partial, facts);
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
      base: plan.base === null ? null : manifestInput(plan.base, basename(plan.base.reference), digests),
      models: plan.models.map((model, i) => manifestInput(model, labels[i] as string, digests)),
    },
    models,
    conflicts: sum("conflicts"),
    givenBack: sum("givenBack"),
    saturated: sum("saturated"),
    cuts: facts.scope,
    tensors,
    shards: plan.shards.map((shard) => ({
      name: shardName(shard),
      byteSize: shard.byteSize,
      headerSha256: sha256(shard.header),
      ...constantsOf(shard),
      ...digestOf(join(partial, shard.name), digests),
    })),
    files: Object.fromEntries(others.sort().map((name) => [name, sha256(readFileSync(join(partial, name)))])),
    run: { ...facts.run, finishedAt: new Date().toISOString(), host: hostname() },
  };
}

function constantsOf({ constants }: ShardLayout): Pick<Manifest["shards"][number], "constants"> {
  if (constants.length === 0) return {};
  const told = constants.map(({ byteOffset, bytes }) => {
    return { byteOffset, byteLength: bytes.byteLength, sha256: sha256(bytes) };
  });
  return { constants: told };
}

function ggufPlace({ gguf, output, chunkElements }: PlannedTensor): Pick<ManifestTensor, "gguf"> {
  if (gguf === null) return {};
  const { byteOffset, byteLength } = output;
  return { gguf: { name: gguf.name, type: gguf.type, byteOffset, byteLength, chunkElements } };
}

/** The hash of a tensor: XXH3-128 of its chunks' 16-byte hashes, one after the other. */
export function tensorHash(chunkHashes: readonly string[]): string {
  return addon().hashBytes(Buffer.from(chunkHashes.join(""), "hex"));
}

type Digests = ReadonlyMap<string, string>;

/** SHA-256 by path, of those whole files for which it was asked. */
async function wantedDigests(plan: MergePlan, partial: string, facts: SealFacts): Promise<Digests> {
  const inputs = [plan.base, ...plan.models].flatMap((model) => model?.files.map(({ path }) => path) ?? []);
  const shards = plan.shards.map(({ name }) => join(partial, name));
  const paths = [...(facts.hashInputs ? new Set(inputs) : []), ...(facts.sha256 ? shards : [])];
  const digests = await fileDigests(paths, facts);
  return new Map(paths.map((path, i) => [path, digests[i] as string]));
}

function digestOf(path: string, digests: Digests): { sha256?: string } {
  const digest = digests.get(path);
  return digest === undefined ? {} : { sha256: digest };
}

function manifestInput(model: PlannedModel, label: string, digests: Digests): ManifestInput {
  const files = model.files.map(({ path, byteSize, modifiedNs, headerHash }) => ({
    name: basename(path),
    byteSize,
    modifiedNs,
    headerHash,
    ...digestOf(path, digests),
  }));
  return { model: label, reference: model.reference, files };
}
