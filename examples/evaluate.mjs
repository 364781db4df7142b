/**
 * Two models on two tasks, through the API: scores with intervals, and whether the difference means anything.
 * Needs node-llama-cpp beside tiesmith (npm install node-llama-cpp).
 *
 *     node examples/evaluate.mjs [CACHE]
 */
import { fileURLToPath } from "node:url";
import { evaluate, TiesmithError } from "tiesmith";

const here = (path) => fileURLToPath(new URL(`tinylang/${path}`, import.meta.url));
const models = [here("models/sft"), here("models/ctsft-x")];
const tasks = [here("tasks/tc.yaml"), here("tasks/math.yaml")];

try {
  const { scores, comparisons } = await evaluate(models, tasks, {
    data: here("data"),
    languages: ["X"],
    split: "dev",
    // What has been answered is not asked again, also after an interruption.
    cache: process.argv[2] ?? "answers",
    backend: { kind: "llama", threads: 1 },
  });
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  for (const { model, task, value, low, high } of scores)
    console.log(`${model} ${task}: ${percent(value)} (${percent(low)} to ${percent(high)})`);
  for (const { first, second, task, difference, pValue } of comparisons)
    console.log(`${first} against ${second}, ${task}: ${percent(difference)}, p = ${pValue.toFixed(3)}`);
} catch (error) {
  if (!(error instanceof TiesmithError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 2;
}
