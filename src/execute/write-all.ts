/** Writes every byte, or throws: a disk that fills takes a part first, and refuses the rest. */
import { writeSync } from "node:fs";

/** @param position where in the file; default: where the descriptor is, or the end of one opened for appending */
export function writeAll(descriptor: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    const at = position === undefined ? null : position + done;
    done += writeSync(descriptor, bytes, done, undefined, at);
  }
}
