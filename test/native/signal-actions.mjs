/**
 * What becomes of SIGBUS around a mapping. Takes a path and a scenario; prints one JSON line.
 * `caught`: whether the process has a handler, as the system tells it.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { loadAddon } from "./hostile/exports.mjs";

const [, , path, scenario] = process.argv;
const addon = loadAddon("../../../build/Release/tiesmith.node");
const SIGBUS = 7n;

function caught() {
  const [, mask] = /SigCgt:\s*(\S+)/.exec(readFileSync("/proc/self/status", "utf8"));
  return ((BigInt(`0x${mask}`) >> (SIGBUS - 1n)) & 1n) === 1n;
}

async function receivedOn(listener) {
  process.kill(process.pid, "SIGBUS");
  for (let i = 0; i < 200 && listener.count === 0; i++) await sleep(5);
  return listener.count;
}

const scenarios = {
  async alone() {
    const before = caught();
    const [first, second] = [addon.mapFile(path), addon.mapFile(path)];
    addon.closeFile(first);
    const during = caught();
    addon.closeFile(second);
    return { before, during, after: caught() };
  },
  async sent() {
    addon.mapFile(path);
    process.kill(process.pid, "SIGBUS");
    await sleep(1000);
    return "alive";
  },
  async "below ours"() {
    const listener = { count: 0 };
    process.on("SIGBUS", () => listener.count++);
    const file = addon.mapFile(path);
    const during = await receivedOn(listener);
    addon.closeFile(file);
    listener.count = 0;
    return { during, after: await receivedOn(listener) };
  },
  async "above ours"() {
    const file = addon.mapFile(path);
    const listener = { count: 0 };
    process.on("SIGBUS", () => listener.count++);
    const during = await receivedOn(listener);
    addon.closeFile(file);
    listener.count = 0;
    const after = await receivedOn(listener);
    process.removeAllListeners("SIGBUS");
    const removed = caught();
    const again = addon.mapFile(path);
    const guarded = caught();
    addon.closeFile(again);
    return { during, after, removed, guarded, closed: caught() };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
