/** The files that one thread has open: inputs mapped, outputs open for writing. They go with the thread. */
import { constants } from "node:os";
import { TiesmithError } from "../errors.ts";
import { addon, type MappedFileHandle, type NativeSource, type OutputFileHandle } from "../native/addon.ts";
import type { SourceRef } from "./tensor-work.ts";
import { vanishedInput } from "./unreadable-input.ts";

export class OpenFiles {
  readonly #inputs = new Map<string, MappedFileHandle>();
  readonly #outputs = new Map<string, OutputFileHandle>();
  readonly #borrowsCache: () => boolean;

  /** @param borrowsCache whether inputs that are opened now are to leave the page cache as they are read */
  constructor(borrowsCache = () => false) {
    this.#borrowsCache = borrowsCache;
  }

  readonly input = (path: string): MappedFileHandle =>
    openOnce(this.#inputs, path, () => mapInput(path, this.#borrowsCache()));

  readonly output = (path: string): OutputFileHandle =>
    openOnce(this.#outputs, path, () => addon().openOutput(path));

  /** A source as the addon takes it, from its first element. */
  source({ path, byteOffset, dtype }: SourceRef): NativeSource {
    return { file: this.input(path), byteOffset, dtype };
  }
}

/** Its header was read before: that nothing is there now is news. */
function mapInput(path: string, borrows: boolean): MappedFileHandle {
  try {
    return addon().mapFile(path, borrows);
  } catch (error) {
    if ((error as { errno?: number }).errno !== constants.errno.ENOENT) throw error;
    throw TiesmithError.fromProblem(vanishedInput(path));
  }
}

function openOnce<T>(opened: Map<string, T>, path: string, open: () => T): T {
  const known = opened.get(path);
  if (known !== undefined) return known;
  const file = open();
  opened.set(path, file);
  return file;
}
