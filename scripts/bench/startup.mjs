#!/usr/bin/env node
/*
Times what a command costs beside its work: process start, imports, planning, threads, sealing, exit.

  node scripts/bench/startup.mjs [options]          (needs the built CLI in dist/)

  --runs N         runs of each command                                     (15)
  --folder DIR     where the sparse checkpoints are made, and removed       (a new folder in TMPDIR)
  --cli FILE       the built CLI to measure                                 (dist/cli/main.cjs)
  --help           show this

The commands take turns. Each run is compared with the bare `node -e 0` of its own turn, and the medians of times and
of these differences are shown. The models of `plan` are three of 7B parameters with right headers and no contents;
those of `merge` have 0.1 million parameters, so that all but nothing of its time is work.
*/
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { pickShape } from "./llama-shapes.mjs";
import { describeMachine, formatMachine } from "./machine.mjs";
import { measuredEnvironment } from "./processes.mjs";
import { writeRecipe } from "./recipes.mjs";
import { makeSparseModel } from "./sparse-models.mjs";
import { summarize } from "./statistics.mjs";
import { formatTable } from "./table.mjs";
import { printUsage } from "./usage.mjs";

const TINY = { hidden: 64, layerCount: 2, intermediate: 128, headCount: 4, kvHeadCount: 2, vocab: 256 };

const FLAGS = {
  runs: { type: "string", default: "15" },
  folder: { type: "string" },
  cli: { type: "string", default: fileURLToPath(new URL("../../dist/cli/main.cjs", import.meta.url)) },
  help: { type: "boolean", default: false },
};

/** A recipe of TIES over a base and two models of a shape. */
function prepareRecipe(folder, shape) {
  mkdirSync(folder, { recursive: true });
  const names = ["base", "ct", "sft"];
  const models = Object.fromEntries(names.map((name) => [name, path.join(folder, name)]));
  for (const model of Object.values(models)) makeSparseModel(model, shape);
  return writeRecipe({ folder, models, dtype: "bf16" }, "ties", "tensor").file;
}

function listCommands(cli, folder) {
  const out = path.join(folder, "out");
  const planned = prepareRecipe(path.join(folder, "7B"), pickShape(7e9));
  const merged = prepareRecipe(path.join(folder, "tiny"), TINY);
  return [
    { name: "node -e 0", words: ["-e", "0"] },
    { name: "tiesmith --help", words: [cli, "--help"] },
    { name: "tiesmith plan, 7B", words: [cli, "plan", planned] },
    { name: "tiesmith merge, tiny", words: [cli, "merge", merged, "--out", out, "--quiet"], out },
  ];
}

function timeCommand({ name, words, out }) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    env: measuredEnvironment(),
  });
  const milliseconds = performance.now() - start;
  if (status !== 0) throw new Error(`${name} failed (${status}): ${stderr.trim()}`);
  if (out !== undefined) rmSync(out, { recursive: true });
  return milliseconds;
}

function measure(commands, runCount) {
  const turns = Array.from({ length: runCount }, () => commands.map(timeCommand));
  const show = (values, key) => summarize(values)[key].toFixed(0);
  return commands.map(({ name }, i) => {
    const times = turns.map((turn) => turn[i]);
    const beyond = turns.map((turn) => turn[i] - turn[0]);
    return [name, show(times, "min"), show(times, "median"), show(beyond, "median")];
  });
}

function main() {
  const { values } = parseArgs({ options: FLAGS });
  if (values.help) return printUsage(import.meta.url);
  const runCount = Number(values.runs);
  if (!(Number.isInteger(runCount) && runCount > 0))
    throw new Error(`Expected a whole number for --runs, but received ${values.runs}`);
  const folder = path.join(values.folder ?? mkdtempSync(path.join(os.tmpdir(), "tiesmith-")), "startup");
  try {
    const commands = listCommands(path.resolve(values.cli), folder);
    commands.forEach(timeCommand); // the first run fills the page cache
    const rows = measure(commands, runCount);
    console.log(formatTable([["command", "least ms", "median ms", "beyond node"], ...rows]));
    console.log(`\n${runCount} runs; ${formatMachine(describeMachine())}`);
  } finally {
    rmSync(values.folder === undefined ? path.dirname(folder) : folder, { recursive: true, force: true });
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
