/** Who works on something: enough to see from the same machine, without a clock, whether the process still runs. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export interface Owner {
  readonly host: string;
  /** Changes with each start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** Numbers of processes mean nothing in another container. */
  readonly processes: string;
  readonly pid: number;
  /** When the process started, in ticks since the machine did: a number that is used again has another one. */
  readonly started: string;
}

/** The owner that this process is. */
export function thisOwner(): Owner {
  return {
    host: hostname(),
    boot: textOf("/proc/sys/kernel/random/boot_id"),
    processes: linkOf("/proc/self/ns/pid"),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/** Whether an owner runs: null where that cannot be seen from here. */
export function isRunning(owner: Owner): boolean | null {
  const here = thisOwner();
  if (owner.host !== here.host || owner.processes !== here.processes) return null;
  if (owner.boot !== here.boot) return false;
  return owner.started !== "" && startOf(owner.pid) === owner.started;
}

/** Field 22 of /proc/PID/stat; the name before it may hold anything. Empty for a process that is gone. */
function startOf(pid: number): string {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended, whatever its parent does.
  return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
