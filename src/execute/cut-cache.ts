/** What merges have measured, for merges to come: in memory, and in a folder that processes share. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { threadId } from "node:worker_threads";
import { TiesmithError } from "../errors.ts";
import { checkedLine, readCheckedLine } from "./checked-line.ts";
import { systemProblem } from "./system-problem.ts";

/**
 * Exact cuts of earlier merges. A merge whose inputs, densities and chunks are those of an earlier one does not
 * measure them again, and writes the same bytes.
 *
 * An entry is known by a hash of everything that it depends on (path, size, time and header of the inputs; tensors,
 * densities, scope, chunks; version of tiesmith). In a folder each is a file with a checksum, which appears at once by a
 * rename: any number of processes may use it, and a damaged or half-written one is not there. Some hundred kilobytes
 * an entry for a 7B model; nothing is ever removed.
 *
 * @example
 * const cuts = new CutCache();
 * for (const density of [0.2, 0.4, 0.6]) await merge(recipeWith(density), { out: `k-${density}`, cuts });
 */
export class CutCache {
  readonly #folder: string | null;
  readonly #entries = new Map<string, unknown>();

  /**
   * @param folder where entries are kept; in memory only if it is left out
   * @throws {TiesmithError} `NO_PERMISSION`, `IO_FAILED`, `DISK_FULL` if the folder cannot be made
   */
  constructor(folder?: string) {
    this.#folder = folder === undefined ? null : resolve(folder);
    if (this.#folder !== null) asSystemError(() => mkdirSync(this.#folder as string, { recursive: true }));
  }

  /** What was kept under a key; undefined if nothing was, or nothing sound. */
  get(key: string): unknown {
    if (!this.#entries.has(key) && this.#folder !== null) {
      const found = readEntry(this.#pathOf(key));
      if (found !== undefined) this.#entries.set(key, found);
    }
    return this.#entries.get(key);
  }

  /** @throws {TiesmithError} `NO_PERMISSION`, `DISK_FULL`, `IO_FAILED`; the entry is in memory all the same */
  set(key: string, value: unknown): void {
    this.#entries.set(key, value);
    if (this.#folder === null) return;
    const path = this.#pathOf(key);
    // Of its own for every thread of every process.
    const unfinished = `${path}.${process.pid}-${threadId}`;
    asSystemError(() => {
      try {
        writeFileSync(unfinished, `${checkedLine(value)}\n`);
        renameSync(unfinished, path);
      } finally {
        rmSync(unfinished, { force: true });
      }
    });
  }

  #pathOf(key: string): string {
    return join(this.#folder as string, `${key}.json`);
  }
}

function readEntry(path: string): unknown {
  try {
    return readCheckedLine(readFileSync(path, "utf8").trimEnd());
  } catch {
    // Not there, or not to be read: it is measured again.
    return undefined;
  }
}

function asSystemError(action: () => void): void {
  try {
    action();
  } catch (error) {
    throw TiesmithError.fromProblem(systemProblem(error));
  }
}
