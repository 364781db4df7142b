/**
 * Merges again and again in one process, in turn to the end, interrupted, over an input that is cut short, and over one
 * that is not finite, and prints one JSON line: what the process holds after `warmUp` rounds, and after `rounds` more;
 * of memory, what it held at most after one of the former, and at least after one of the last five.
 * Takes one JSON argument: `folder`, `recipe`, `options`, `spoilt` (an input file), `warmUp`, `rounds`.
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { merge } from "tiesmith";

const { recipe, options, spoilt, warmUp, rounds } = JSON.parse(process.argv[2]);
const aside = `${spoilt}.aside`;
copyFileSync(spoilt, aside);
const codes = {};

async function attempt(more, spoil) {
  const abort = new AbortController();
  let happened = false;
  const onProgress = ({ doneTensors }) => {
    if (happened || doneTensors === 0) return;
    happened = true;
    spoil?.(abort);
  };
  let code = "none";
  try {
    await merge(recipe, { ...options, ...more, onProgress, signal: abort.signal });
  } catch (error) {
    code = error.code;
  }
  codes[code] = (codes[code] ?? 0) + 1;
  copyFileSync(aside, spoilt);
  for (const path of [options.out, `${options.out}.partial`]) rmSync(path, { recursive: true, force: true });
}

/** The last two bytes of the file: a NaN of bf16. */
function makeNotFinite() {
  const descriptor = openSync(spoilt, "r+");
  writeSync(descriptor, Uint8Array.of(0xc0, 0x7f), 0, 2, readFileSync(spoilt).byteLength - 2);
  closeSync(descriptor);
}

async function round() {
  await attempt({});
  await attempt({}, (abort) => abort.abort());
  await attempt({}, () => truncateSync(spoilt, 4096));
  await attempt({}, makeNotFinite);
  await attempt({ threads: 3 });
}

async function held() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(20);
  }
  const status = readFileSync("/proc/self/status", "utf8");
  return {
    anonymousMegabytes: Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024,
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    mapped: (readFileSync("/proc/self/maps", "utf8").match(/\.safetensors/g) ?? []).length,
  };
}

/** What is held after each of `count` rounds. */
async function heldAfter(count) {
  const each = [];
  for (let i = 0; i < count; i++) {
    await round();
    each.push(await held());
  }
  return each;
}

// The C library gives memory back when it likes: one moment tells little.
const memoryOf = (each) => each.map(({ anonymousMegabytes }) => anonymousMegabytes);
const early = await heldAfter(warmUp);
const late = (await heldAfter(rounds)).slice(-5);
const before = { ...early.at(-1), anonymousMegabytes: Math.max(...memoryOf(early)) };
const after = { ...late.at(-1), anonymousMegabytes: Math.min(...memoryOf(late)) };
console.log(JSON.stringify({ before, after, codes }));
