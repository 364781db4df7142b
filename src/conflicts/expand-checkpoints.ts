/** From the words that name a series to its checkpoints: patterns become the folders that they match. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { globSync, isDynamicPattern } from "tinyglobby";
import { TiesmithError } from "../errors.ts";

const naturally = new Intl.Collator("en", { numeric: true });

/**
 * Folders for each pattern, in the order of the numbers in their names; other words as they are.
 * @throws {TiesmithError} `USAGE` for a pattern that matches no folder
 */
export function expandCheckpoints(words: readonly string[], folders: readonly string[]): string[] {
  return words.flatMap((word) => {
    if (!isDynamicPattern(word) || folders.some((folder) => existsSync(`${folder}/${word}`))) return [word];
    for (const cwd of folders) {
      const found = globSync(word, { cwd, onlyDirectories: true, absolute: true, expandDirectories: false });
      if (found.length > 0)
        return found.map((path) => relative(process.cwd(), path) || path).sort(naturally.compare);
    }
    throw new TiesmithError("USAGE", `Expected checkpoints for ${word}, but no folder matches`, {
      option: "series",
    });
  });
}
