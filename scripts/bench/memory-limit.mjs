import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * So little memory, page cache included, that inputs do not fit in it.
 *
 * @param {number} bytes
 * @returns {import("./control-group.mjs").Limit}
 */
export function memoryLimit(bytes) {
  return {
    properties: [`MemoryMax=${bytes}`, "MemorySwapMax=0"],
    set: (cgroup) => setLimit(cgroup, bytes),
  };
}

function setLimit(cgroup, bytes) {
  const file = ["memory.max", "memory.limit_in_bytes"]
    .map((name) => path.join(cgroup, name))
    .find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new Error(`Expected a control group with the memory controller, but ${cgroup} has no memory.max`);
  writeFileSync(file, String(bytes));
}
