#!/usr/bin/env node
/*
Times merges against the floor: the least time in which this machine can read the inputs and write the output.

  node scripts/bench/merge.mjs [options]            (Linux; needs a C++20 compiler, and the built CLI in dist/)

  --parameters N   size of the models, e.g. 2e7 for a smoke test, 1.1e9, 3e9, 7e9        (1.1e9)
  --methods LIST   of ties, ties_sv, linear                                              (all)
  --scope SCOPE    of the cuts: tensor or model                                          (tensor)
  --mode MODE      warm: inputs in the page cache; cold: not; both                       (both)
  --threads LIST   thread counts, e.g. 1,2                                               (all cores)
  --runs N         pairs of floor and merge for each line of the table                   (5)
  --dtype DTYPE    bf16 or f32                                                           (bf16)
  --folder DIR     where the checkpoints are made and kept, and outputs go               (TMPDIR/tiesmith-bench)
  --json FILE      write every run to FILE as well
  --command CMD    what to run instead of the CLI, words split at spaces: CMD merge RECIPE --out DIR …
  --verbose        show what each merge prints to stderr, with its phase timers (TIESMITH_TIMERS=1)
  --help           show this

The models are Llama-shaped: a base, and two models ct and sft tuned from it (native/bench). Floor and merge take
turns; each merge is compared with the floor before it, and the median of these ratios counts.

Floor, cold: reads every input byte once by direct I/O, 8 MiB blocks, several in flight, while writing the output's
bytes by direct I/O to a reserved file, with an fsync at the end. Warm: the same writes, while --threads threads sum
the inputs through a mapping of the page cache. The time of the floor leaves out the start of its process.
Merge: the wall time of the whole process, with its start, hashing, fsync and rename.

RssAnon is the peak of anonymous memory, sampled every 20 ms; RssFile holds the mapped inputs, which the system can
take back. Units: MB = 1e6, GB = 1e9 bytes; GB/s counts inputs once plus the output.
*/
import { readFileSync, writeFileSync } from "node:fs";
import { removeOutputs, runPair } from "./contest.mjs";
import { countBytes, listShards, prepareFixture } from "./fixtures.mjs";
import { pickShape } from "./llama-shapes.mjs";
import { describeMachine, formatMachine } from "./machine.mjs";
import { buildProgram } from "./native-programs.mjs";
import { parseOptions } from "./options.mjs";
import { killMeasuredProcesses } from "./processes.mjs";
import { hasScope, writeRecipe } from "./recipes.mjs";
import { formatPair, formatResults, listUnprepared } from "./results-table.mjs";

// Progress goes to stderr, results to stdout.
const say = (line) => process.stderr.write(`${line}\n`);

function printUsage() {
  const source = readFileSync(new URL(import.meta.url), "utf8");
  console.log(source.slice(source.indexOf("/*") + 3, source.indexOf("*/")).trimEnd());
}

/** @returns {import("./contest.mjs").Contest[]} in the order in which they run: modes apart, since cold empties the cache */
function listContests(options, fixture) {
  return options.modes.flatMap((mode) =>
    options.threadCounts.flatMap((threadCount) =>
      options.methods.map((method) => {
        const recipe = writeRecipe(fixture, method, options.scope);
        const inputFiles = recipe.inputs.flatMap(listShards);
        return {
          ...{
            method,
            scope: hasScope(method) ? options.scope : "-",
            mode,
            threadCount,
            recipe: recipe.file,
          },
          ...{ inputFiles, inputBytes: countBytes(inputFiles) },
          ...{ outputBytes: fixture.outputBytes, folder: fixture.folder },
        };
      }),
    ),
  );
}

async function runContest(contest, programs, runCount) {
  removeOutputs(contest); // of a bench that was killed
  const pairs = [];
  for (let run = 1; run <= runCount; run++) {
    const pair = await runPair(contest, programs);
    pairs.push(pair);
    say(formatPair(contest, run, runCount, pair));
    if (programs.verbose && pair.stderr) say(pair.stderr.trimEnd());
  }
  return { ...contest, pairs };
}

/** Ctrl-C and an error leave no process and no output behind; the checkpoints stay. */
function cleanUpAtExit(contests) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  process.once("exit", () => {
    killMeasuredProcesses();
    removeOutputs(contests[0]);
  });
}

async function main() {
  if (process.platform !== "linux")
    throw new Error(`Expected Linux (direct I/O, /proc), but this is ${process.platform}`);
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return printUsage();
  const makeCheckpoint = buildProgram("make_checkpoint");
  const programs = {
    floorProgram: buildProgram("floor"),
    command: options.command,
    verbose: options.verbose,
  };
  const fixture = prepareFixture(
    makeCheckpoint,
    options.folder,
    pickShape(options.parameterCount),
    options.dtype,
    say,
  );
  const contests = listContests(options, fixture);
  cleanUpAtExit(contests);

  const results = [];
  for (const contest of contests) results.push(await runContest(contest, programs, options.runCount));

  const machine = describeMachine();
  console.log(
    `${(fixture.parameterCount / 1e9).toPrecision(3)}B parameters, ${options.dtype}, ${options.runCount} runs\n`,
  );
  console.log(formatResults(results));
  for (const note of listUnprepared(results)) console.log(`note: ${note}`);
  if (results.some(({ pairs }) => pairs.some((pair) => !pair.floorDirectIo))) {
    console.log("note: this file system has no direct I/O, so the floor went through the page cache");
  }
  console.log(`\n${formatMachine(machine)}`);
  if (options.jsonFile !== undefined) {
    const { parameterCount, outputBytes, dtype } = fixture;
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ machine, parameterCount, outputBytes, dtype, results }, null, 2)}\n`,
    );
  }
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
