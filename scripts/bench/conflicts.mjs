#!/usr/bin/env node
/*
Times analyses against the passes of a merge: measure and combine, with writing switched off.

  node scripts/bench/conflicts.mjs [options]        (Linux; needs a C++20 compiler, and the built package in dist/)

  --parameters N   size of the models, e.g. 2e7 for a smoke test, 1.1e9                  (1.1e9)
  --runs N         pairs of merge and analysis for each line of the table                (5)
  --threads N      worker threads                                                        (all cores)
  --folder DIR     where the checkpoints are made and kept                               (TMPDIR/tiesmith-bench)
  --help           show this

The models are those of merge.mjs, in the page cache. A merge whose output is /dev/null measures, combines and
hashes; the analysis measures and analyses. Both are timed in one process, with the start of their threads, and take
turns; the median of the ratios counts. The last lines analyse a series of two checkpoints, and a grid of densities.
*/
import { conflicts } from "../../dist/index.js";
import { loadEngine } from "./engine.mjs";
import { prepareFixture } from "./fixtures.mjs";
import { pickShape } from "./llama-shapes.mjs";
import { describeMachine, formatMachine } from "./machine.mjs";
import { buildProgram } from "./native-programs.mjs";
import { parseOptions } from "./options.mjs";
import { writeRecipe } from "./recipes.mjs";
import { summarize } from "./statistics.mjs";
import { printUsage } from "./usage.mjs";

const { mergeTensors, methods, planMerge, planWorks, readRecipe, withPool } = await loadEngine([
  "execute/merge-tensors.ts",
  "execute/plan-works.ts",
  "execute/with-pool.ts",
  "methods/registry.ts",
  "plan/plan-merge.ts",
  "recipe/recipe.ts",
]);

async function seconds(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Measures and combines, and writes to nowhere. */
function mergeToNowhere(recipe, threads) {
  const { plan } = planMerge(readRecipe(recipe, methods));
  const works = planWorks(plan, "/", false).map((work) => {
    const output = { ...work.output, path: "/dev/null", byteOffset: 0 };
    return { ...work, output };
  });
  const hooks = { advanced: () => {}, tensorDone: () => {} };
  return withPool({ threads }, (pool) => mergeTensors(works, null, pool, hooks));
}

async function contest(name, runs, merge, analyse) {
  const pairs = [];
  for (let run = 0; run <= runs; run++) {
    const pair = { merge: await seconds(merge), analysis: await seconds(analyse) };
    // The first pair brings the files into the page cache, and the code into the machine.
    if (run > 0) pairs.push(pair);
  }
  const of = (key) => summarize(pairs.map((pair) => pair[key])).median.toFixed(2);
  const { min, median, max } = summarize(pairs.map(({ merge: own, analysis }) => analysis / own));
  const ratio = `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
  console.log(`${name.padEnd(34)} ${of("merge")} s  ${of("analysis")} s    ${ratio}`);
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return printUsage(import.meta.url);
  const shape = pickShape(options.parameterCount);
  const say = (line) => process.stderr.write(`${line}\n`);
  const fixture = prepareFixture(buildProgram("make_checkpoint"), options.folder, shape, options.dtype, say);
  const threads = options.threadCounts[0];
  console.log(`${"".padEnd(34)} merge   analysis  analysis ÷ merge (least to most)`);
  for (const method of ["ties", "ties_sv"]) {
    const { file, inputs } = writeRecipe(fixture, method, "tensor");
    const merge = () => mergeToNowhere(file, threads);
    await contest(method, options.runCount, merge, () => conflicts(file, { threads }));
    if (method !== "ties") continue;
    const checkpoints = inputs.slice(0, 2);
    const series = { checkpoints, x: [1, 2] };
    await contest("ties, series of 2 checkpoints", options.runCount, merge, () =>
      conflicts(file, { threads, series }),
    );
    const densities = [0.01, 0.2, 0.4, 0.6, 0.8, 1];
    await contest("ties, 6 x 6 densities", options.runCount, merge, () =>
      conflicts(file, { threads, densities }),
    );
  }
  console.log(`\n${formatMachine(describeMachine())}`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
