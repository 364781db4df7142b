/**
 * From a fresh clone to a merged model, checked against the expected one, and on to the demonstration: search, test,
 * report. `npm run quickstart -- --fast` tries and asks less.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { compareCheckpoints } from "./quickstart/compare.mjs";
import { root } from "./setup/quiet-step.mjs";
import { setup } from "./setup.mjs";

const FOLDER = "quickstart-output";
const EXAMPLE = "examples/tinylang/expected/ties-sv";
const BASE = "examples/tinylang/models/base";
const DEMO_FOLDER = "tiesmith-demo";

/** What the expected tensors allow: they were computed in float64, and both are rounded to bfloat16. */
const MOST_ULPS = 1;
const LEAST_IDENTICAL = 0.999;

/** Rows of a long table that are shown. */
const SHOWN_ROWS = 5;

console.log("\nGetting ready");
if (!(await setup()) || !quickstart()) process.exitCode = 1;

function quickstart() {
  console.log("\nMerging a model that learned language X with one that learned tasks in English, by TIES-SV");
  if (!tiesmith(["merge", `${EXAMPLE}/recipe.yaml`, "--out", FOLDER, ...whereNeeded()])) return false;
  console.log("\nComparing every parameter with what the merge must give (computed apart, in float64)");
  if (!compare()) return false;
  console.log("\nChecking that the files on disk still are what was written");
  if (!tiesmith(["verify", FOLDER])) return false;
  console.log("\nComparing the merged model with the base that all started from");
  if (!tiesmith(["diff", BASE, FOLDER])) return false;
  console.log(
    `\n${FOLDER}/ is a model folder that transformers loads; README.md there tells how it was made.`,
  );
  console.log("\nThe paper's experiment in miniature: search on dev rows, test, report");
  if (!demonstrate()) return false;
  console.log("\nDone. Next: docs/low-resource.md for your own models, and docs/recipes.md for every key.\n");
  return true;
}

/** A second quickstart replaces what the first one wrote. */
function whereNeeded() {
  const overwrite = existsSync(join(root, FOLDER)) ? ["--overwrite"] : [];
  return existsSync(join(root, `${FOLDER}.partial`)) ? [...overwrite, "--restart"] : overwrite;
}

/** Runs the command line as a user would, and shows what it says. */
function tiesmith(words) {
  console.log(`  $ npx tiesmith ${words.join(" ")}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli/main.cjs", ...words], {
    cwd: root,
    encoding: "utf8",
  });
  for (const line of shortened(stdout.trimEnd().split("\n"))) console.log(line === "" ? "" : `    ${line}`);
  // Progress is of no interest here; a failure is.
  if (status !== 0) console.error(stderr.trimEnd());
  return status === 0;
}

/** Keeps the beginning of the first block of lines if it is long, and all of the others. */
function shortened(lines) {
  const end = lines.includes("") ? lines.indexOf("") : lines.length;
  const hidden = end - 1 - SHOWN_ROWS;
  if (hidden <= 1) return lines;
  return [...lines.slice(0, 1 + SHOWN_ROWS), `… and ${hidden} more`, ...lines.slice(end)];
}

/** Some minutes, so that its progress is shown as it comes. */
function demonstrate() {
  const words = ["demo", "--out", DEMO_FOLDER, ...process.argv.slice(2)];
  console.log(`  $ npx tiesmith ${words.join(" ")}`);
  const options = { cwd: root, stdio: "inherit" };
  return spawnSync(process.execPath, ["dist/cli/main.cjs", ...words], options).status === 0;
}

function compare() {
  const { tensors, elements, identical, ulps } = compareCheckpoints(
    join(root, EXAMPLE, "model.safetensors"),
    join(root, FOLDER, "model.safetensors"),
  );
  const share = identical / elements;
  const passed = ulps <= MOST_ULPS && share >= LEAST_IDENTICAL;
  const count = (value) => value.toLocaleString("en-US");
  // Rounded down, so that 100 % means all.
  const percent = (Math.floor(share * 1e6) / 1e4).toFixed(4);
  console.log(
    `    ${count(identical)} of ${count(elements)} parameters in ${tensors} tensors are identical (${percent} %);`,
  );
  console.log(
    `    the largest difference is ${ulps} ${ulps === 1 ? "unit" : "units"} in the last place of bfloat16`,
  );
  console.log(
    `    ${passed ? "as expected" : "NOT as expected"}: at most ${MOST_ULPS}, and at least ${100 * LEAST_IDENTICAL} % identical`,
  );
  return passed;
}
