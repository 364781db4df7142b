/** Reads `tiesmith.json` as far as hashes can be checked against it; other parts pass unread. */
import { join } from "node:path";
import { isJsonObject, type JsonObject, readJsonObject } from "../checkpoint/json-file.ts";
import { fileManifestOf, MANIFEST_NAME } from "../checkpoint/output-names.ts";
import { quoted, shown } from "../checkpoint/wording.ts";
import { DTYPE_BYTES } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import { GGUF_TYPES } from "../gguf/layout.ts";
import { MANIFEST_FORMAT, type Manifest, type ManifestTensor } from "./manifest.ts";

/** The part of a manifest that says what the folder's bytes must be. */
export interface HashManifest extends Pick<Manifest, "hashing" | "shards" | "files"> {
  readonly tensors: readonly Pick<ManifestTensor, "name" | "shard" | "dtype" | "shape" | "hash" | "gguf">[];
}

/** The part of the manifest of a GGUF file, whose tensors all tell their places. */
export interface FileManifest extends HashManifest {
  readonly tensors: readonly (HashManifest["tensors"][number] & Required<Pick<ManifestTensor, "gguf">>)[];
}

/** A field's test, and what it wants. */
type Rule = readonly [test: (value: unknown) => boolean, expected: string];

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isHex = (digits: number) => (value: unknown) =>
  typeof value === "string" && value.length === digits && /^[0-9a-f]*$/.test(value);
const XXH3: Rule = [isHex(32), "an XXH3-128 hash"];
const SHA256: Rule = [isHex(64), "a SHA-256 hash"];
const MAYBE_SHA256: Rule = [(value) => value === undefined || isHex(64)(value), "a SHA-256 hash or nothing"];
const SIZE: Rule = [isCount, "a number of bytes"];
const TEXT: Rule = [(value) => typeof value === "string", "a text"];
const DTYPE: Rule = [(value) => typeof value === "string" && Object.hasOwn(DTYPE_BYTES, value), "a dtype"];
const SHAPE: Rule = [(value) => Array.isArray(value) && value.every(isCount), "a shape"];
// A manifest may come from anywhere: what it names must not lead out of its folder.
const FILE_NAME: Rule = [
  (value) =>
    typeof value === "string" && value !== "" && value !== "." && value !== ".." && !/[/\\:\0]/.test(value),
  "the name of a file in the folder",
];
const CHUNK: Rule = [(value) => isCount(value) && value !== 0, "a number of elements from 1"];
/** Whole blocks of every format. */
const CHUNKS: Rule = [
  (value) => isCount(value) && value !== 0 && (value as number) % 32 === 0,
  "a number of elements, a multiple of 32",
];
const GGUF_TYPE: Rule = [
  (value) => typeof value === "string" && Object.hasOwn(GGUF_TYPES, value),
  "a type of GGUF",
];
const ALGORITHM: Rule = [(value) => value === "XXH3-128", '"XXH3-128"'];

/**
 * The manifest of a folder that tiesmith made.
 *
 * @throws {TiesmithError} `CHECKPOINT_INVALID` if there is none, if it is damaged, or if another version's
 *   format is not known here; `NO_PERMISSION`; `IO_FAILED`
 */
export function readManifest(folder: string): HashManifest {
  const path = join(folder, MANIFEST_NAME);
  return readManifestAt(
    path,
    `Expected ${MANIFEST_NAME} in ${folder}, but found none; verify needs a folder that tiesmith made`,
  );
}

/**
 * The manifest of a GGUF file that tiesmith made.
 * @throws {TiesmithError} as {@link readManifest}
 */
export function readFileManifest(file: string): FileManifest {
  const path = fileManifestOf(file);
  const manifest = readManifestAt(
    path,
    `Expected the manifest ${path} beside the file, but found none; verify needs one that tiesmith merged`,
  );
  const place = { type: GGUF_TYPE, byteOffset: SIZE, byteLength: SIZE, chunkElements: CHUNKS };
  for (const [i, { gguf }] of manifest.tensors.entries())
    checkObject(gguf, place, `tensors[${i}].gguf`, path);
  for (const [i, { constants = [] }] of manifest.shards.entries())
    checkList(
      constants,
      { byteOffset: SIZE, byteLength: SIZE, sha256: SHA256 },
      `shards[${i}].constants`,
      path,
    );
  if (manifest.shards.length !== 1) throw damaged(path, "shards", "one file", manifest.shards.length);
  return manifest as FileManifest;
}

function readManifestAt(path: string, absent: string): HashManifest {
  const raw = readJsonObject(path, { what: "a manifest", uniqueDepth: 0 });
  if (raw === null) throw invalid(path, absent);
  checkFormat(raw, path);
  checkObject(raw.hashing, { algorithm: ALGORITHM, chunkElements: CHUNK }, "hashing", path);
  const shard = { name: FILE_NAME, byteSize: SIZE, headerSha256: SHA256, sha256: MAYBE_SHA256 };
  checkList(raw.shards, shard, "shards", path);
  const tensor = { name: TEXT, shard: FILE_NAME, dtype: DTYPE, shape: SHAPE, hash: XXH3 };
  checkList(raw.tensors, tensor, "tensors", path);
  if (!isJsonObject(raw.files)) throw damaged(path, "files", "hashes by file name", raw.files);
  for (const [name, hash] of Object.entries(raw.files)) {
    checkValue(name, FILE_NAME, "a key of files", path);
    checkValue(hash, SHA256, `files ${quoted(name)}`, path);
  }
  const manifest = raw as unknown as HashManifest;
  checkShardsListed(manifest, path);
  return manifest;
}

function checkFormat(raw: JsonObject, path: string): void {
  if (raw.format === MANIFEST_FORMAT) return;
  if (!isCount(raw.format)) throw damaged(path, "format", "a number", raw.format);
  const version = typeof raw.tiesmith === "string" ? ` (${quoted(raw.tiesmith)})` : "";
  throw invalid(
    path,
    `Expected a manifest of format ${MANIFEST_FORMAT} in ${path}, but found format ${raw.format}; verify it with the version of tiesmith that wrote it${version}`,
  );
}

/** A tensor whose shard the manifest does not describe could not be checked. */
function checkShardsListed({ tensors, shards }: HashManifest, path: string): void {
  const names = new Set(shards.map(({ name }) => name));
  const stray = tensors.find(({ shard }) => !names.has(shard));
  if (stray !== undefined)
    throw damaged(path, `tensor ${quoted(stray.name)}`, "one of the shards", stray.shard);
}

function checkList(value: unknown, rules: Readonly<Record<string, Rule>>, where: string, path: string): void {
  if (!Array.isArray(value)) throw damaged(path, where, "a list", value);
  for (const [i, item] of value.entries()) checkObject(item, rules, `${where}[${i}]`, path);
}

function checkObject(
  value: unknown,
  rules: Readonly<Record<string, Rule>>,
  where: string,
  path: string,
): void {
  if (!isJsonObject(value)) throw damaged(path, where, "an object", value);
  for (const [key, rule] of Object.entries(rules)) checkValue(value[key], rule, `${where}.${key}`, path);
}

function checkValue(value: unknown, [test, expected]: Rule, where: string, path: string): void {
  if (!test(value)) throw damaged(path, where, expected, value);
}

function damaged(path: string, where: string, expected: string, found: unknown): TiesmithError {
  return invalid(
    path,
    `Expected ${expected} at ${where} in ${path}, but found ${shown(found)}; the manifest is damaged`,
  );
}

function invalid(path: string, message: string): TiesmithError {
  return new TiesmithError("CHECKPOINT_INVALID", message, { path });
}
