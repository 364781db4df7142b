/**
 * The local cache of the Hugging Face hub: `models--ORG--NAME/refs/REVISION` holds the commit whose files are
 * linked in `snapshots/COMMIT/`. Only looked into, never written.
 *
 * @see https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */

import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isAbsent, systemError } from "./system-error.ts";

const COMMIT = /^[0-9a-f]{40}$/;

/** Whether a text can be the id of a model on the hub: `name` or `org/name` in the hub's alphabet. */
export function isHubId(text: string): boolean {
  return text.length <= 96 && /^\w[\w.-]*(\/\w[\w.-]*)?$/.test(text) && !/\.\.|--|[.-](\/|$)/.test(text);
}

/** The cache folder that huggingface_hub would use with these environment variables. */
export function hubCacheFolder(environment: NodeJS.ProcessEnv): string {
  const home = environment.HOME || homedir();
  // huggingface_hub expands a leading ~ in these variables, which a shell leaves alone inside quotes.
  const path = (value: string): string => resolve(value.replace(/^~(?=\/|$)/, home));
  const direct = environment.HF_HUB_CACHE || environment.HUGGINGFACE_HUB_CACHE;
  if (direct) return path(direct);
  if (environment.HF_HOME) return join(path(environment.HF_HOME), "hub");
  return join(path(environment.XDG_CACHE_HOME || join(home, ".cache")), "huggingface", "hub");
}

/**
 * The snapshot of a model in the cache, or null if that revision is not there.
 *
 * @param revision a branch, a tag, a `refs/pr/N` or a full commit; null means `main`
 * @throws NO_PERMISSION
 */
export function findSnapshot(cache: string, hubId: string, revision: string | null): string | null {
  const model = join(cache, `models--${hubId.replaceAll("/", "--")}`);
  const wanted = revision ?? "main";
  const commit = COMMIT.test(wanted) ? wanted : readReference(model, wanted);
  if (commit === null) return null;
  const snapshot = join(model, "snapshots", commit);
  return isFolder(snapshot) ? snapshot : null;
}

/**
 * Whether a path leads to a folder, following links.
 *
 * @throws NO_PERMISSION, IO_FAILED
 */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (isAbsent(error)) return false;
    throw systemError(error, path, "a folder");
  }
}

function readReference(model: string, revision: string): string | null {
  // Slashes are part of references like refs/pr/1; a part that climbs is part of none.
  if (revision.split("/").some((part) => part === "" || part === "." || part === "..")) return null;
  const path = join(model, "refs", revision);
  try {
    const commit = statSync(path).isFile() ? readFileSync(path, "utf8").trim() : "";
    return COMMIT.test(commit) ? commit : null;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw systemError(error, path, "a reference");
  }
}
