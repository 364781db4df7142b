/** From the text that names a model on a command line to its folder. */
import { resolve } from "node:path";
import { TiesmithError } from "../errors.ts";
import { isFolder, isHubId } from "./hub-cache.ts";
import { locateModel } from "./locate.ts";

/**
 * The absolute folder of a model named by a path or by a hub id with an optional `@revision`. A folder whose
 * own name holds an `@` wins over the revision that it could mean.
 *
 * @throws {TiesmithError} `USAGE` if the text is empty; `MODEL_NOT_FOUND` naming the places looked at; `NO_PERMISSION`
 */
export function findModel(text: string): string {
  if (typeof text !== "string" || text.trim() === "" || /\p{Cc}/u.test(text)) {
    const received = JSON.stringify(text) ?? String(text);
    throw new TiesmithError("USAGE", `Expected a model as a path or a hub id, but received ${received}`, {
      model: text,
    });
  }
  return locateModel(referenceOf(text), {
    recipeFolder: null,
    workingFolder: process.cwd(),
    environment: process.env,
  });
}

/** What a text names: `org/name@revision` has a revision, unless a folder of that very name is there. */
export function referenceOf(text: string): { location: string; revision: string | null } {
  const at = text.indexOf("@");
  const location = text.slice(0, at);
  if (at < 0 || !isHubId(location) || isFolder(resolve(text))) return { location: text, revision: null };
  return { location, revision: text.slice(at + 1) };
}
