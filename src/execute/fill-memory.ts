/** Whether inputs can be kept in the page cache for the next merge. */
import { freemem } from "node:os";

/**
 * Beyond this share of the memory that is available, inputs push out each other and everything else, page by page, and
 * the next merge finds little of them. Given back at once, 20 GB of them took half the time on a machine with 25 GB.
 */
const MOST_OF_MEMORY = 3 / 4;

/** Whether so many bytes are more than the page cache can hold beside the rest. */
export function fillMemory(inputBytes: number, available = availableMemory()): boolean {
  return inputBytes > MOST_OF_MEMORY * available;
}

/** Of the machine, or of the process's control group: what is free, and what the page cache would give. */
function availableMemory(): number {
  return process.availableMemory?.() ?? freemem();
}
