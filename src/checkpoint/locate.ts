/** From the words that name a model to the folder that holds it. */

import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { nearestName, TiesmithError } from "../errors.ts";
import { findSnapshot, hubCacheFolder, isHubId } from "./hub-cache.ts";
import { isAbsent, systemError } from "./system-error.ts";
import { notAFolder } from "./weight-files.ts";
import { quoted } from "./wording.ts";

/** A model as a recipe names it: a path or a hub id, and the hub's revision if one is given. */
export interface ModelLocation {
  readonly location: string;
  readonly revision: string | null;
}

/** Where to look for models. */
export interface LocateOptions {
  /** The folder of the recipe file; null if there is none. */
  readonly recipeFolder: string | null;
  readonly workingFolder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The absolute folder of a model: the path relative to the recipe's folder, then to the working folder, then
 * as a hub id in the local cache. With a revision only the cache is asked, since folders have no revisions.
 * `~` is not expanded, and nothing is downloaded.
 *
 * @throws MODEL_NOT_FOUND naming the places looked at and, for a hub id, the command that downloads it;
 * NO_PERMISSION
 * @example
 * locateModel({ location: "meta-llama/Llama-2-7b-hf", revision: null }, options);
 */
export function locateModel(reference: ModelLocation, options: LocateOptions): string {
  const { location, revision } = reference;
  const paths = candidatePaths(location, options);
  if (revision === null) {
    const folder = firstFolder(paths);
    if (folder !== null) return folder;
  }
  if (!isHubId(location)) throw notFound(reference, paths, nearbyHint(reference, paths));
  const cache = hubCacheFolder(options.environment);
  const snapshot = findSnapshot(cache, location, revision);
  if (snapshot !== null) return snapshot;
  const command = `hf download ${location}${revision === null ? "" : ` --revision ${revision}`}`;
  const download = `; if it is on the Hugging Face hub, download it with: ${command}`;
  const places = [...(revision === null ? paths : []), `the hub cache ${cache}`];
  throw notFound(reference, places, nearbyHint(reference, paths) + download);
}

function candidatePaths(location: string, options: LocateOptions): string[] {
  if (location === "") return [];
  if (isAbsolute(location)) return [resolve(location)];
  const folders = options.recipeFolder === null ? [] : [options.recipeFolder];
  return [...new Set([...folders, options.workingFolder].map((folder) => resolve(folder, location)))];
}

/** The first path that leads to a folder; one that leads to a file before it is meant, and wrong. */
function firstFolder(paths: readonly string[]): string | null {
  for (const path of paths) {
    const stats = statIfPresent(path);
    if (stats?.isDirectory()) return path;
    if (stats !== null) throw notAFolder(path);
  }
  return null;
}

function statIfPresent(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw systemError(error, path, "a model folder", "MODEL_NOT_FOUND");
  }
}

function notFound(reference: ModelLocation, places: readonly string[], hint: string): TiesmithError {
  const { location, revision } = reference;
  const model = `model ${quoted(location)}${revision === null ? "" : ` at revision ${quoted(revision)}`}`;
  const found =
    places.length === 0
      ? "found a text that is neither a path nor a hub id"
      : `found none at ${places.join(", ")}`;
  return new TiesmithError("MODEL_NOT_FOUND", `Expected a folder for ${model}, but ${found}${hint}`, {
    location,
    revision,
    places,
  });
}

/** What the user may have meant: a folder of a similar name beside the missing one, or a shell's `~`. */
function nearbyHint({ location, revision }: ModelLocation, paths: readonly string[]): string {
  const local = revision === null ? undefined : paths.find((path) => statIfPresent(path)?.isDirectory());
  if (local !== undefined) return `; the folder ${local} has no revisions: leave out @${revision} to use it`;
  if (location.startsWith("~")) return "; ~ is not expanded here: write the whole path";
  for (const path of paths) {
    const parent = dirname(path);
    const near = nearestName(basename(path), subfolders(parent));
    if (near !== undefined) return `; did you mean ${join(parent, near)}?`;
  }
  return "";
}

function subfolders(parent: string): string[] {
  try {
    const entries = readdirSync(parent, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name);
  } catch {
    return []; // Only a hint: a parent that cannot be listed gives none.
  }
}
