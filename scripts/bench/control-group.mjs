import { existsSync } from "node:fs";

/** Enters the control group that is its first argument, and becomes the rest. */
const ENTER = 'echo $$ > "$0/cgroup.procs" && exec "$@"';

/**
 * What a control group is to keep its processes from.
 *
 * @typedef {object} Limit
 * @property {string[]} properties as systemd names it
 * @property {(cgroup: string) => void} set for the group whose folder is given; throws where that has no such controller
 */

/**
 * How to run a command under a limit.
 *
 * @typedef {(command: string[]) => string[]} Wrapper
 */

/** @type {Wrapper} */
export const unlimited = (command) => command;

/**
 * Sets the limit of a control group that is there for this, and that the bench may write to; or else asks systemd for
 * one with each command.
 *
 * @param {Limit} limit
 * @param {string | undefined} cgroup its folder: version 2, or version 1 with the controller of the limit
 * @returns {Wrapper | { reason: string }} the reason why this machine cannot
 */
export function controlGroup(limit, cgroup) {
  if (cgroup !== undefined) {
    limit.set(cgroup);
    return (command) => ["sh", "-c", ENTER, cgroup, ...command];
  }
  if (!existsSync("/run/systemd/system"))
    return { reason: "this machine does not run systemd; name a control group of your own with --cgroup" };
  const properties = limit.properties.flatMap((property) => ["-p", property]);
  return (command) => ["systemd-run", "--scope", "--quiet", "--collect", ...properties, "--", ...command];
}
