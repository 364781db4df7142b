import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Enters the control group that is its first argument, and becomes the rest. */
const ENTER = 'echo $$ > "$0/cgroup.procs" && exec "$@"';

/**
 * How to run a command with so little memory, page cache included, that inputs do not fit in it.
 *
 * @typedef {(command: string[]) => string[]} MemoryLimit
 */

/**
 * Sets the limit of a control group that is there for this, and that the bench may write to; or else asks systemd for
 * one with each command.
 *
 * @param {number} bytes
 * @param {string | undefined} cgroup its folder: version 2, or version 1 with the memory controller
 * @returns {MemoryLimit | { reason: string }} the reason why this machine cannot
 */
export function memoryLimit(bytes, cgroup) {
  if (cgroup !== undefined) {
    setLimit(cgroup, bytes);
    return (command) => ["sh", "-c", ENTER, cgroup, ...command];
  }
  if (!existsSync("/run/systemd/system"))
    return { reason: "this machine does not run systemd; name a control group of your own with --cgroup" };
  const properties = [`MemoryMax=${bytes}`, "MemorySwapMax=0"].flatMap((property) => ["-p", property]);
  return (command) => ["systemd-run", "--scope", "--quiet", "--collect", ...properties, "--", ...command];
}

function setLimit(cgroup, bytes) {
  const file = ["memory.max", "memory.limit_in_bytes"]
    .map((name) => path.join(cgroup, name))
    .find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new Error(`Expected a control group with the memory controller, but ${cgroup} has no memory.max`);
  writeFileSync(file, String(bytes));
}
