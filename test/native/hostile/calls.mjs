/**
 * `node calls.mjs ADDON FOLDER [SEED [COUNT]]`: every export with wrong values at every place, one and several at
 * once, and with arguments that change the world while they are read. Each call must throw an Error or give an
 * answer of the right kind, and right calls must give the same answers before and after. Prints one line of JSON.
 * FOLDER/call names the call under way, for when the process dies.
 */
import { openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  ELEMENTS,
  functionsOf,
  loadAddon,
  makeFiles,
  RIGHT_KIND,
  rightAnswers,
  rightCalls,
} from "./exports.mjs";
import { placesOf, replace, watched } from "./spoiling.mjs";
import { hostileValues } from "./values.mjs";

const [addonPath, folder, seed = "1", count = "3000"] = process.argv.slice(2);
const addon = loadAddon(addonPath);
makeFiles(folder);
process.chdir(folder); // where hostile paths that are relative lead
const log = openSync(join(folder, "call"), "w");
const tally = { answered: 0, refused: 0 };
const faults = [];

const path = (name) => join(folder, name);
const open = () => ({
  base: addon.mapFile(path("base")),
  model: addon.mapFile(path("model")),
  output: addon.openOutput(path("out0")),
});
function close({ base, model, output }) {
  addon.closeFile(base);
  addon.closeFile(model);
  addon.closeOutput(output);
}
const closed = { file: addon.mapFile(path("base")), output: addon.openOutput(path("out0")) };
addon.closeFile(closed.file);
addon.closeOutput(closed.output);
const handles = open();
// Others than those of the right calls, and opened again where a call has closed them.
let spare = open();
const values = hostileValues({
  "mapped file": () => spare.model,
  "closed file": () => closed.file,
  output: () => spare.output,
  "closed output": () => closed.output,
});
const right = rightCalls(addon, folder, handles);

/** One call, judged. */
async function attempt(name, words, label) {
  writeSync(log, `${name}: ${label}`.slice(0, 300).padEnd(300), 0);
  try {
    const answer = await addon[name](...words);
    if (RIGHT_KIND[name](answer)) tally.answered++;
    else faults.push(`${name}: ${label}: answered ${String(answer)}`);
  } catch (error) {
    if (error instanceof Error && error.message.length > 5) tally.refused++;
    else faults.push(`${name}: ${label}: threw ${String(error)}`);
  }
  if (name === "closeFile" || name === "closeOutput") {
    close(spare);
    spare = open();
  }
}

/** Room for gigabytes is not asked for: a tmpfs would have to give it. */
function isCostly(name, value) {
  return name === "reserveFile" && typeof value === "number" && value > 1e6 && value < 1e15;
}

async function oneWrongValue(name) {
  for (const place of placesOf(right[name]())) {
    for (const [label, make] of values) {
      const [words, value] = [right[name](), make()];
      if (isCostly(name, value)) continue;
      replace(words, place, value);
      await attempt(name, words, `${place.join(".")} = ${label}`);
    }
  }
}

async function missingArguments(name) {
  const words = right[name]();
  for (let length = 0; length < words.length; length++)
    await attempt(name, words.slice(0, length), `${length} arguments`);
  // What else a function of JavaScript can be asked to do.
  const asks = [
    () => new addon[name](...right[name]()),
    () => addon[name].call(handles.model, ...right[name]()),
    () => addon[name].apply(null, { length: 1e5 }),
    () => Reflect.construct(addon[name], [], Date),
  ];
  for (const ask of asks) {
    try {
      await ask();
      tally.answered++;
    } catch {
      tally.refused++;
    }
  }
}

/** What a getter may do while the addon reads its arguments. */
function disturbances(words, own) {
  const bins = words.at(-1)?.bins;
  return {
    throws: () => {
      throw new Error("a getter that throws");
    },
    "closes the files": () => {
      addon.closeFile(own.base);
      addon.closeFile(own.model);
    },
    "closes the output": () => addon.closeOutput(own.output),
    "detaches the bins": () => bins !== undefined && structuredClone(bins, { transfer: [bins] }),
    "shrinks the bins": () => bins?.resize(8),
    "adds models": (array) => Array.isArray(array) && array.push(...new Array(300).fill(array[0])),
    "empties models": (array) => {
      if (Array.isArray(array)) array.length = 0;
    },
    "calls again": () => addon.hashRange(handles.model, 0, 64),
  };
}

async function disturbedReadings(name) {
  const kinds = Object.keys(disturbances([], {}));
  for (const kind of kinds) {
    for (let reading = 0, last = 0; reading <= last; reading++) {
      const own = open();
      const words = rightCalls(addon, folder, own)[name]();
      const disturb = disturbances(words, own)[kind];
      const spoilt = watched(words, (n, owner) => {
        last = Math.max(last, Math.min(n, 200));
        if (n === reading) disturb(owner);
        // A list that grows with every reading would never be read to its end.
        if (n > 20_000) throw new Error("read without end");
      });
      await attempt(name, spoilt, `reading ${reading} ${kind}`);
      close(own);
    }
  }
}

/** A small generator, so that a seed names a run. */
let state = Number(seed) >>> 0 || 1;
function below(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

async function severalWrongValues(names) {
  const makers = [...values];
  for (let i = 0; i < Number(count); i++) {
    const name = names[below(names.length)];
    const words = right[name]();
    const labels = [];
    for (let edits = 2 + below(2); edits > 0; edits--) {
      const places = placesOf(words);
      const place = places[below(places.length)];
      const [label, make] = makers[below(makers.length)];
      const value = make();
      if (place === undefined || isCostly(name, value)) continue;
      replace(words, place, value);
      labels.push(`${place.join(".")} = ${label}`);
    }
    await attempt(name, words, labels.join(", "));
  }
}

/** More elements than there is memory for their results. */
async function immenseCounts() {
  const file = addon.mapFile(path("holes"));
  const source = { file, byteOffset: 0, dtype: "BF16" };
  for (const elementCount of [2 ** 30, 2 ** 34, 2 ** 39]) {
    const models = new Array(256).fill({ source, weight: 1, voteWeight: 1, rescale: 1, trim: "everything" });
    const job = { base: source, models, elementCount };
    const target = { file: handles.output, byteOffset: 0, dtype: "F32", saturate: false };
    const election = { zeroSign: 1, priority: -1 };
    const combination = { lambda: 1, normalize: true, slack: null };
    await attempt("blockNorms", [job], `${elementCount} elements`);
    await attempt("compare", [source, source, elementCount], `${elementCount} elements`);
    await attempt("combine", ["linear", job, election, combination, target], `${elementCount} elements`);
    await attempt(
      "copyRange",
      [{ file, byteOffset: 0 }, elementCount * 2, target],
      `${elementCount} elements`,
    );
  }
  addon.closeFile(file);
}

/** Calls where the stack ends: the addon must not abort for want of room for its error. */
async function endOfTheStack(names) {
  for (const name of names) {
    writeSync(log, `${name}: at the end of the stack`.padEnd(300), 0);
    const pending = [];
    const dive = () => {
      try {
        dive();
      } catch {
        // The innermost frames try too, on the way back.
      }
      if (pending.length < 40) pending.push(Promise.resolve(tryCall(name)));
    };
    try {
      dive();
    } catch {
      // A RangeError of this function's own.
    }
    await Promise.allSettled(pending);
  }
}

function tryCall(name) {
  try {
    return addon[name]();
  } catch (error) {
    tally.refused++;
    return error;
  }
}

const names = functionsOf(addon);
const unknown = names.filter((name) => right[name] === undefined);
if (unknown.length > 0) faults.push(`exports.mjs has no right call of ${unknown.join(", ")}`);
const known = names.filter((name) => right[name] !== undefined);
const before = await rightAnswers(addon, right);
for (const name of known) {
  await missingArguments(name);
  await oneWrongValue(name);
  await disturbedReadings(name);
}
await severalWrongValues(known);
await immenseCounts();
await endOfTheStack(known);
if ((await rightAnswers(addon, right)) !== before) faults.push("right calls answer otherwise than before");
for (const name of readdirSync(folder)) if (name.startsWith("reserved")) rmSync(path(name));
console.log(JSON.stringify({ ...tally, elements: ELEMENTS, faults: faults.slice(0, 20) }));
process.exitCode = faults.length === 0 ? 0 : 1;
