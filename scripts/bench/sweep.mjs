#!/usr/bin/env node
/*
Merges of models of several sizes, for docs/performance.md: a table and a figure.

  node scripts/bench/sweep.mjs [options]            (Linux; needs a C++20 compiler, and the built CLI in dist/)

  --sizes LIST     of 0.15B, 1.1B, 3B, 7B; none only writes the section                  (all)
  --methods LIST   of ties, ties_sv, linear                                              (all)
  --mode MODE      warm, cold or both; warm only where the inputs fit in memory          (both)
  --runs N         pairs of floor and merge for each line of the table                   (3)
  --threads N      worker threads                                                        (all cores)
  --folder DIR     where the checkpoints are made, and outputs go                        (TMPDIR/tiesmith-bench)
  --help           show this

The checkpoints of a size that are not there are made, and removed after it: 7B takes 40.4 GB for them, and 13.5 GB for
the output. Results go to docs/figures/sweep.json, those of other sizes stay; from it docs/figures/sweep.svg and the
section of docs/performance.md between `<!-- sweep -->` and `<!-- /sweep -->` are written anew.
*/
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { removeOutputs } from "./contest.mjs";
import { cleanUpAtExit, runContests } from "./contest-series.mjs";
import { unlimited } from "./control-group.mjs";
import { loadEngine } from "./engine.mjs";
import { fixtureFolder, prepareFixture, requireDisk } from "./fixtures.mjs";
import { countParameters, LLAMA_SHAPES } from "./llama-shapes.mjs";
import { describeMachine, formatMachine } from "./machine.mjs";
import { buildProgram } from "./native-programs.mjs";
import { parseOptions } from "./options.mjs";
import { listUnprepared } from "./results-table.mjs";
import { summarize } from "./statistics.mjs";
import { sweepFigure, sweepSection, withSection } from "./sweep-section.mjs";
import { printUsage } from "./usage.mjs";

const DOCS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../docs");
const RESULTS = path.join(DOCS, "figures/sweep.json");
const FIGURE = path.join(DOCS, "figures/sweep.svg");
const PAGE = path.join(DOCS, "performance.md");
/** Of the page: wide enough for two panels. */
const FIGURE_WIDTH = 720;
const SIZES = LLAMA_SHAPES.map(({ label }) => label).filter((label) => label !== "5M");

const MODEL_COUNT = 3;
const BF16_BYTES = 2;
/** Inputs are warm if they fit in this share of memory, beside the output that is written. */
const CACHED_SHARE = 0.75;

const say = (line) => process.stderr.write(`${line}\n`);

function shapesOf(sizes) {
  return sizes.map((size) => {
    const shape = LLAMA_SHAPES.find(({ label }) => label === size);
    if (shape === undefined || !SIZES.includes(size))
      throw new Error(`Expected --sizes of ${SIZES.join(", ")}, but received ${size}`);
    return shape;
  });
}

/** One line of the table. */
function rowOf(shape, { method, mode, threadCount, inputBytes, outputBytes, pairs, phases }) {
  const median = (key) => summarize(pairs.map((pair) => pair[key])).median;
  const rounded = (value, digits) => Number(value.toFixed(digits));
  return {
    ...{ size: shape.label, parameterCount: countParameters(shape) },
    ...{ method, mode, threads: threadCount, runs: pairs.length, inputBytes, outputBytes },
    floorSeconds: rounded(median("floorSeconds"), 3),
    mergeSeconds: rounded(median("mergeSeconds"), 3),
    ratio: rounded(median("ratio"), 2),
    rssAnonPeakBytes: Math.max(...pairs.map((pair) => pair.rssAnonPeakBytes)),
    passes: rounded((phases?.readBytes ?? 0) / inputBytes, 2),
    diskReads: rounded(median("diskReadBytes") / inputBytes, 2),
  };
}

/** Checkpoints that this script made and has not removed yet. */
const made = new Set();

function removeMade() {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
  made.clear();
}

async function measureSize(shape, options, programs) {
  const bytes = countParameters(shape) * BF16_BYTES;
  const fitsInMemory = bytes * (MODEL_COUNT + 1) < os.totalmem() * CACHED_SHARE;
  const modes = options.modes.filter((mode) => mode === "cold" || fitsInMemory);
  if (modes.length === 0) {
    say(`${shape.label}: the inputs do not fit in memory, so that there is no warm run`);
    return [];
  }
  const folder = fixtureFolder(options.folder, shape, "bf16");
  const wasThere = existsSync(folder);
  mkdirSync(options.folder, { recursive: true });
  if (!wasThere) {
    requireDisk(options.folder, bytes * (MODEL_COUNT + 1), `merge models of ${shape.label}`);
    made.add(folder);
  }
  try {
    const make = buildProgram("make_checkpoint");
    const fixture = prepareFixture(make, options.folder, shape, "bf16", say);
    const results = await runContests({ ...options, modes }, fixture, programs, say);
    for (const note of listUnprepared(results)) say(`note: ${note}`);
    return results.map((result) => rowOf(shape, result));
  } finally {
    removeOutputs({ folder });
    removeMade();
  }
}

function readResults() {
  return existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : { machine: null, rows: [] };
}

/** Rows of the same line replace those that are there; sizes, methods and modes keep their order. */
function withRows(rows, added) {
  const keyOf = ({ size, method, mode, threads }) => `${size} ${method} ${mode} ${threads}`;
  const keys = new Set(added.map(keyOf));
  const all = [...rows.filter((row) => !keys.has(keyOf(row))), ...added];
  return all.sort((a, b) => a.parameterCount - b.parameterCount);
}

async function main() {
  const options = parseOptions(process.argv.slice(2), {
    sizes: { type: "string", default: SIZES.join(",") },
    runs: { type: "string", default: "3" },
  });
  if (options.help) return printUsage(import.meta.url);
  const shapes = options.own.sizes === "none" ? [] : shapesOf(options.own.sizes.split(","));
  cleanUpAtExit(removeMade);
  const { renderSvg } = await loadEngine(["report/render-svg.ts"]);
  const results = readResults();
  for (const shape of shapes) {
    const programs = {
      ...{ floorProgram: buildProgram("floor"), command: options.command },
      ...{ runFloor: unlimited, runMerge: unlimited, verbose: false },
    };
    results.rows = withRows(results.rows, await measureSize(shape, options, programs));
    results.machine = formatMachine(describeMachine());
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  }
  writeFileSync(FIGURE, `${await renderSvg(sweepFigure(results), FIGURE_WIDTH, "#fffffe")}\n`);
  writeFileSync(PAGE, withSection(readFileSync(PAGE, "utf8"), sweepSection(results)));
  say(`wrote ${RESULTS}, ${FIGURE} and the section of ${PAGE}`);
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
