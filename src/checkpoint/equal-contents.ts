/** Comparing two stretches of files byte for byte. */

import { closeSync, openSync, readSync } from "node:fs";
import { TiesmithError } from "../errors.ts";
import { systemError } from "./system-error.ts";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Where a stretch of bytes begins. */
export interface FileRange {
  readonly path: string;
  readonly byteOffset: number;
}

/**
 * Whether two ranges of `byteLength` bytes are equal. Reads both once, 4 MiB of each at a time.
 *
 * @throws INPUT_CHANGED if a file is shorter than that; NO_PERMISSION; IO_FAILED
 */
export function equalContents(a: FileRange, b: FileRange, byteLength: number): boolean {
  const descriptors: number[] = [];
  try {
    for (const { path } of [a, b]) descriptors.push(openSync(path, "r"));
    const [descriptorA, descriptorB] = descriptors as [number, number];
    const pieceA = Buffer.allocUnsafe(Math.min(PIECE_BYTES, byteLength));
    const pieceB = Buffer.allocUnsafe(pieceA.byteLength);
    for (let done = 0; done < byteLength; done += pieceA.byteLength) {
      const count = Math.min(pieceA.byteLength, byteLength - done);
      readFully(descriptorA, pieceA, count, a.byteOffset + done, a.path);
      readFully(descriptorB, pieceB, count, b.byteOffset + done, b.path);
      if (pieceA.compare(pieceB, 0, count, 0, count) !== 0) return false;
    }
    return true;
  } catch (error) {
    throw systemError(error, a.path, "a safetensors file");
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function readFully(
  descriptor: number,
  into: Buffer,
  byteCount: number,
  position: number,
  path: string,
): void {
  let filled = 0;
  while (filled < byteCount) {
    const count = readSync(descriptor, into, filled, byteCount - filled, position + filled);
    if (count === 0)
      throw new TiesmithError(
        "INPUT_CHANGED",
        `Expected ${path} to keep its size, but it shrank while it was read`,
        { path },
      );
    filled += count;
  }
}
