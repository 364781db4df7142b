/**
 * A merge through the API, with progress and a way to stop it.
 *
 *     node examples/merge.mjs [OUT]
 */
import { fileURLToPath } from "node:url";
import { merge, plan, TiesmithError } from "tiesmith";

const models = fileURLToPath(new URL("tinylang/models/", import.meta.url));

// The same keys as in a YAML recipe, which could be given as a path instead.
const recipe = {
  merge_method: "ties_sv",
  base_model: `${models}base`,
  models: [
    { model: `${models}ct-x`, parameters: { weight: 1, density: 1 } },
    { model: `${models}sft`, parameters: { weight: 1, density: 0.2 } },
  ],
  parameters: { priority: `${models}sft`, slack: 0.04 },
};
const out = process.argv[2] ?? "merged";

// Reads headers only; tells everything that is wrong at once.
const { problems, parameterCount } = plan(recipe, { out });
for (const { code, message } of problems) console.error(`${code}: ${message}`);
if (problems.length > 0) process.exit(2);
console.log(`merging ${parameterCount} parameters`);

// Ctrl-C stops within a fraction of a second and keeps what is done; `resume: true` goes on with it.
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());

// Called after every chunk: show only what is worth a line.
let shown = -1;
function showQuarter(quarter) {
  if (quarter > shown) console.log(`${25 * quarter} % done`);
  shown = Math.max(shown, quarter);
}

try {
  const result = await merge(recipe, {
    out,
    signal: controller.signal,
    onProgress: ({ doneBytes, totalBytes }) => showQuarter(Math.floor((4 * doneBytes) / totalBytes)),
  });
  for (const { model, parameters, retained, discarded } of result.models)
    console.log(
      `${model}: kept ${retained} of ${parameters} by trim, of which ${discarded} lost the election`,
    );
  console.log(`gave ${result.givenBack} back to sft; wrote ${result.out} in ${result.seconds.toFixed(2)} s`);
} catch (error) {
  if (!(error instanceof TiesmithError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.code === "INTERRUPTED" ? 130 : 1;
}
