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
  --memory BYTES   give each merge no more memory, page cache included, e.g. 2e9: inputs that do not fit
  --disk R,W       give floor and merge a disk that reads and writes no more bytes a second, e.g. 1.7e9,1.6e9
  --cgroup DIR     the control group to do so with, whose limit is set               (one that systemd makes)
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
Merge: the wall time of the whole process, with its start, hashing, fsync and rename, but without NODE_EXTRA_CA_CERTS, which
makes any Node program read certificates for 30 ms. Ratios depend on the disk: a fast one leaves a merge less time to start
and compute. --disk takes a control group with the controller of disks (io or blkio), --memory one with that of memory.

After its runs each line has one more merge, which does not count, timed from inside (TIESMITH_TIMERS=json): the second
table shows the seconds of all worker threads together, and what is outside of their time. "wait for disk" is the time
asleep in a call, for a page of an input. Writes go on beside everything else: "(write)" adds up how long each took.

RssAnon is the peak of anonymous memory, sampled every 20 ms; RssFile holds the mapped inputs, which the system can
take back. Units: MB = 1e6, GB = 1e9 bytes; GB/s counts inputs once plus the output.
*/
import { mkdirSync, writeFileSync } from "node:fs";
import { removeOutputs } from "./contest.mjs";
import { cleanUpAtExit, runContests } from "./contest-series.mjs";
import { controlGroup, unlimited } from "./control-group.mjs";
import { diskLimit } from "./disk-limit.mjs";
import { prepareFixture } from "./fixtures.mjs";
import { pickShape } from "./llama-shapes.mjs";
import { describeMachine, formatMachine } from "./machine.mjs";
import { memoryLimit } from "./memory-limit.mjs";
import { buildProgram } from "./native-programs.mjs";
import { parseOptions } from "./options.mjs";
import { formatPhases } from "./phases.mjs";
import { formatResults, listUnprepared } from "./results-table.mjs";
import { printUsage } from "./usage.mjs";

// Progress goes to stderr, results to stdout.
const say = (line) => process.stderr.write(`${line}\n`);

/** What is shown beside the table, so that nobody takes a figure for what it is not. */
function listNotes(results) {
  const notes = listUnprepared(results);
  if (results.some(({ pairs }) => pairs.some((pair) => !pair.floorDirectIo)))
    notes.push("this file system has no direct I/O, so the floor went through the page cache");
  return notes;
}

/** What floors and merges run under: their wrappers, or the reason why this machine cannot. */
function limitsOf({ memoryBytes, diskSpeed, cgroup }, folder) {
  if (memoryBytes === null && diskSpeed === null) return { runFloor: unlimited, runMerge: unlimited };
  const limit = memoryBytes === null ? diskLimit(diskSpeed, folder) : memoryLimit(memoryBytes);
  const limited = controlGroup(limit, cgroup);
  if (limited.reason !== undefined) return limited;
  // The floor needs next to no memory.
  return { runFloor: diskSpeed === null ? unlimited : limited, runMerge: limited };
}

function describeLimits({ memoryBytes, diskSpeed }) {
  const gigabytes = (bytes) => (bytes / 1e9).toFixed(2);
  if (memoryBytes !== null) return `, each merge in ${gigabytes(memoryBytes)} GB of memory`;
  if (diskSpeed === null) return "";
  const { readBytes, writeBytes } = diskSpeed;
  return `, a disk that reads ${gigabytes(readBytes)} and writes ${gigabytes(writeBytes)} GB/s`;
}

function printResults(options, fixture, results) {
  const { parameterCount } = fixture;
  const size = `${(parameterCount / 1e9).toPrecision(3)}B parameters`;
  console.log(`${size}, ${options.dtype}, ${options.runCount} runs${describeLimits(options)}\n`);
  console.log(formatResults(results));
  for (const note of listNotes(results)) console.log(`note: ${note}`);
  const phases = formatPhases(results);
  if (phases !== null) console.log(`\nSeconds of all threads together\n\n${phases}`);
}

async function main() {
  if (process.platform !== "linux")
    throw new Error(`Expected Linux (direct I/O, /proc), but this is ${process.platform}`);
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return printUsage(import.meta.url);
  mkdirSync(options.folder, { recursive: true });
  const limits = limitsOf(options, options.folder);
  if (limits.reason !== undefined) return console.log(`SKIPPED: ${limits.reason}`);
  const makeCheckpoint = buildProgram("make_checkpoint");
  const programs = {
    ...{ floorProgram: buildProgram("floor"), command: options.command },
    ...{ ...limits, verbose: options.verbose },
  };
  const shape = pickShape(options.parameterCount);
  const fixture = prepareFixture(makeCheckpoint, options.folder, shape, options.dtype, say);
  cleanUpAtExit(() => removeOutputs(fixture));
  const results = await runContests(options, fixture, programs, say);
  const machine = describeMachine();
  printResults(options, fixture, results);
  console.log(`\n${formatMachine(machine)}`);
  if (options.jsonFile !== undefined) {
    const { parameterCount, outputBytes, dtype } = fixture;
    const { memoryBytes, diskSpeed } = options;
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ machine, parameterCount, outputBytes, dtype, memoryBytes, diskSpeed, results }, null, 2)}\n`,
    );
  }
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
