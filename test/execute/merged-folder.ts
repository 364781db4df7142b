/** What must be equal between two runs of the same merge: all files, and the manifest but for its `run`. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readManifestOf } from "./merged-models.ts";

/** SHA-256 of every file by name; the manifest as data, without what may differ between two runs. */
export function folderFacts(folder: string): Record<string, unknown> {
  const names = readdirSync(folder).sort();
  const facts = names.map((name): [string, unknown] => {
    if (name === "tiesmith.json") return [name, withoutRun(folder)];
    return [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ];
  });
  return Object.fromEntries(facts);
}

/** The same without what depends on the grid of the hashes. */
export function gridlessFacts(folder: string): Record<string, unknown> {
  const { hashing: _, tensors, ...manifest } = withoutRun(folder);
  const gridless = tensors.map(({ hash: _hash, ...tensor }) => tensor);
  return { ...folderFacts(folder), "tiesmith.json": { ...manifest, tensors: gridless } };
}

function withoutRun(folder: string) {
  const { run: _, checksum: __, ...manifest } = readManifestOf(folder);
  return manifest;
}
