/** The files that one thread has open: inputs mapped, outputs open for writing. They go with the thread. */
import { addon, type MappedFileHandle, type NativeSource, type OutputFileHandle } from "../native/addon.ts";
import type { SourceRef } from "./tensor-work.ts";

export class OpenFiles {
  readonly #inputs = new Map<string, MappedFileHandle>();
  readonly #outputs = new Map<string, OutputFileHandle>();

  readonly input = (path: string): MappedFileHandle =>
    openOnce(this.#inputs, path, () => addon().mapFile(path));

  readonly output = (path: string): OutputFileHandle =>
    openOnce(this.#outputs, path, () => addon().openOutput(path));

  /** A source as the addon takes it, from its first element. */
  source({ path, byteOffset, dtype }: SourceRef): NativeSource {
    return { file: this.input(path), byteOffset, dtype };
  }
}

function openOnce<T>(opened: Map<string, T>, path: string, open: () => T): T {
  const known = opened.get(path);
  if (known !== undefined) return known;
  const file = open();
  opened.set(path, file);
  return file;
}
