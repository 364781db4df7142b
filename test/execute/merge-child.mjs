/**
 * Merges in a process of its own, for what belongs to a process: the kernel, rights, death. Takes one JSON argument:
 * `merges`, a list of { recipe, options }; `kill`, where to die by SIGKILL: at the `count`-th call of `call`, a
 * function of node:fs or "onProgress", before or after it; `asNobody`, to give up the rights of root;
 * `withoutExchange`, for a file system that cannot swap two folders. Prints "merging" on stderr when it begins.
 */

import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { merge } from "tiesmith";

const { merges, kill, asNobody, withoutExchange } = JSON.parse(process.argv[2]);
let calls = 0;
const onProgress = () => dieAt("onProgress");

function dieAt(call) {
  if (kill?.call === call && ++calls === kill.count) process.kill(process.pid, "SIGKILL");
}

if (kill !== undefined && kill.call !== "onProgress") {
  const original = fs[kill.call];
  fs[kill.call] = (...parameters) => {
    if (kill.when === "before") dieAt(kill.call);
    const result = original(...parameters);
    if (kill.when === "after") dieAt(kill.call);
    return result;
  };
  syncBuiltinESMExports();
}
if (withoutExchange) {
  // The package has the same object: a binary is loaded once.
  const addon = createRequire(import.meta.url)("../../build/Release/tiesmith.node");
  addon.exchangePaths = () => false;
}
if (asNobody && process.getuid() === 0) process.setuid(65534);

process.stderr.write("merging\n");
try {
  const results = [];
  for (const { recipe, options } of merges) results.push(await merge(recipe, { ...options, onProgress }));
  process.stdout.write(JSON.stringify({ results }));
} catch (error) {
  process.stdout.write(JSON.stringify({ error: { code: error.code, message: error.message } }));
}
