/**
 * Merges onto a small disk, in the order of `steps`; one JSON argument. A step merges ({ recipe, options, fill? }),
 * frees what was filled ({ free: true }), or copies OUT elsewhere ({ copy }). `fill` leaves `leave` bytes on the disk at the
 * `count`-th call of `call`, a function of node:fs or "onProgress". `sparse`: shards get a size and no room, as on a
 * file system without fallocate. Prints what each merge came to, and the names beside OUT after it.
 */

import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { merge } from "tiesmith";

const { steps, sparse } = JSON.parse(process.argv[2]);
const { cpSync, readdirSync, rmSync, statfsSync, closeSync, openSync, writeSync } = fs;
let fill;
let disk = "";

function reach(call) {
  if (fill?.call === call && --fill.count === 0) fillDisk(fill.leave);
}

/** A page at a time at the end: what is left is exact to a block. */
function fillDisk(leave) {
  const descriptor = openSync(join(disk, "filler"), "w");
  const piece = Buffer.alloc(1 << 20, 1);
  for (;;) {
    const { bavail, bsize } = statfsSync(disk);
    const count = Math.min(piece.length, bavail * bsize - leave);
    if (count <= 0) break;
    writeSync(descriptor, piece, 0, count);
  }
  closeSync(descriptor);
}

for (const call of ["mkdirSync", "copyFileSync", "writeFileSync", "writeSync", "openSync"]) {
  const original = fs[call];
  fs[call] = (...parameters) => {
    reach(call);
    return original(...parameters);
  };
}
syncBuiltinESMExports();
if (sparse) {
  // The package has the same object: a binary is loaded once.
  const addon = createRequire(import.meta.url)("../../build/Release/tiesmith.node");
  addon.reserveFile = (path, byteCount) => {
    closeSync(openSync(path, "wx"));
    fs.truncateSync(path, byteCount);
  };
}

const answers = [];
for (const step of steps) {
  if (step.free) rmSync(join(disk, "filler"));
  if (step.copy) cpSync(step.copy.from, step.copy.to, { recursive: true });
  if (!step.recipe) continue;
  disk = dirname(step.options.out);
  fill = step.fill && { ...step.fill };
  const outcome = await merge(step.recipe, { ...step.options, onProgress: () => reach("onProgress") }).then(
    ({ resumedTensors }) => ({ resumedTensors }),
    ({ code, message }) => ({ code, message }),
  );
  answers.push({ ...outcome, names: readdirSync(disk).sort() });
}
process.stdout.write(JSON.stringify(answers));
