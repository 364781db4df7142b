/**
 * `node workers.mjs ADDON FOLDER [WORKERS [ROUNDS]]`: several threads at once call every export on the same files,
 * open and close handles of the mappings that the others read, and check every answer; every other worker is ended
 * in the middle, with writes under way. Afterwards no descriptor and no mapping may be left. Prints one line of JSON.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { closeLocks, functionsOf, loadAddon, makeFiles, rightAnswers, rightCalls } from "./exports.mjs";
import { hostileValues } from "./values.mjs";

const AT_ONCE = 4;

if (isMainThread) await conduct(...process.argv.slice(2));
else await hammer(workerData);

async function conduct(addonPath, folder, workers = "12", rounds = "40") {
  makeFiles(folder, AT_ONCE);
  const addon = loadAddon(addonPath);
  const handles = openHandles(addon, folder, 0);
  const expected = await rightAnswers(addon, rightCalls(addon, folder, handles));
  closeHandles(addon, handles);
  const shared = new SharedArrayBuffer(4096);
  const faults = [];
  let ended = 0;
  const one = async (index, slot) => {
    const data = { addonPath, folder, slot, seed: index + 1, rounds: Number(rounds), expected, shared };
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    const over = new Promise((resolve) => {
      worker.on("error", (error) => faults.push(`worker ${index}: ${error.message}`));
      worker.on("exit", resolve);
    });
    if (index % 2 === 1) {
      await new Promise((resolve) => worker.once("message", resolve));
      await pause(5 + ((index * 37) % 60));
      await worker.terminate();
      ended++;
    }
    await over;
  };
  let next = 0;
  const slots = Array.from({ length: AT_ONCE }, async (_, slot) => {
    while (next < Number(workers)) await one(next++, slot);
  });
  await Promise.all(slots);
  closeLocks();
  faults.push(...leftOpen(folder));
  console.log(JSON.stringify({ workers: Number(workers), ended, faults }));
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function openHandles(addon, folder, slot) {
  return {
    base: addon.mapFile(join(folder, "base")),
    model: addon.mapFile(join(folder, "model")),
    output: addon.openOutput(join(folder, `out${slot}`)),
  };
}

function closeHandles(addon, { base, model, output }) {
  addon.closeFile(base);
  addon.closeFile(model);
  addon.closeOutput(output);
}

/** Descriptors and mappings of the files that this process still has. */
function leftOpen(folder) {
  const descriptors = readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
  const mappings = readFileSync("/proc/self/maps", "utf8").split("\n");
  const left = [...descriptors, ...mappings].filter((line) => line.includes(`${folder}/`));
  return left.map((line) => `left open: ${line}`);
}

async function hammer({ addonPath, folder, slot, seed, rounds, expected, shared }) {
  const { parentPort } = await import("node:worker_threads");
  const addon = loadAddon(addonPath);
  const bytes = new Uint8Array(shared);
  const names = functionsOf(addon);
  for (let round = 0; round < rounds; round++) {
    const handles = openHandles(addon, folder, slot);
    const right = rightCalls(addon, folder, handles, slot);
    if ((await rightAnswers(addon, right)) !== expected) throw new Error(`round ${round} answers otherwise`);
    // Bytes that another thread writes meanwhile have some hash.
    bytes.fill(seed + round);
    addon.hashBytes(bytes);
    const { output } = handles;
    const pending = Array.from({ length: 3 }, (_, i) =>
      addon.copyRange({ file: handles.model, byteOffset: 0 }, 60_000, {
        file: output,
        byteOffset: 65_536 * i,
      }),
    );
    if (round === 0) parentPort.postMessage("under way");
    const wrong = [...hostileValues({ file: () => handles.model, output: () => handles.output }).values()];
    for (let i = 0; i < 20; i++) {
      const name = names[(round * 20 + i) % names.length];
      const value = wrong[(round * 20 + i * seed) % wrong.length]();
      await Promise.resolve()
        .then(() => addon[name](value, value, value, value, value))
        .catch(() => "refused");
    }
    // Closed while their writes are under way: those hold what they need.
    closeHandles(addon, handles);
    const hashes = (await Promise.all(pending)).map(({ hash }) => hash);
    if (new Set(hashes).size !== 1) throw new Error("copies of the same bytes with other hashes");
  }
}
