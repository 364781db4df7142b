import { removeOutputs, runPair, timePhases } from "./contest.mjs";
import { countBytes, listShards } from "./fixtures.mjs";
import { killMeasuredProcesses } from "./processes.mjs";
import { hasScope, writeRecipe } from "./recipes.mjs";
import { formatPair } from "./results-table.mjs";

/**
 * Runs a contest for each method, mode and thread count over one fixture: modes apart, since cold empties the cache.
 *
 * @param {ReturnType<typeof import("./options.mjs").parseOptions>} options
 * @param {import("./fixtures.mjs").Fixture} fixture
 * @param {import("./contest.mjs").Programs} programs
 * @param {(line: string) => void} say for progress
 * @returns {Promise<import("./contest.mjs").Result[]>}
 */
export async function runContests(options, fixture, programs, say) {
  const contests = listContests(options, fixture);
  removeOutputs(contests[0]); // of a bench that was killed
  const results = [];
  for (const contest of contests) results.push(await runContest(contest, programs, options.runCount, say));
  return results;
}

/** Ctrl-C and an error leave no process and no output behind; `also` says what else must go. */
export function cleanUpAtExit(also) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  process.once("exit", () => {
    killMeasuredProcesses();
    also();
  });
}

/** @returns {import("./contest.mjs").Contest[]} */
function listContests(options, fixture) {
  return options.modes.flatMap((mode) =>
    options.threadCounts.flatMap((threadCount) =>
      options.methods.map((method) => {
        const recipe = writeRecipe(fixture, method, options.scope);
        const inputFiles = recipe.inputs.flatMap(listShards);
        const scope = hasScope(method) ? options.scope : "-";
        return {
          ...{ method, scope, mode, threadCount, recipe: recipe.file },
          ...{ inputFiles, inputBytes: countBytes(inputFiles) },
          ...{ outputBytes: fixture.outputBytes, folder: fixture.folder },
        };
      }),
    ),
  );
}

async function runContest(contest, programs, runCount, say) {
  const pairs = [];
  for (let run = 1; run <= runCount; run++) {
    const pair = await runPair(contest, programs);
    pairs.push(pair);
    say(formatPair(contest, run, runCount, pair));
    if (programs.verbose && pair.stderr) say(pair.stderr.trimEnd());
  }
  return { ...contest, pairs, phases: await timePhases(contest, programs) };
}
