/**
 * Makes a fresh clone ready to run and to test: checks the toolchain, installs, builds. What is up to date is
 * left alone. Uses nothing but Node's own modules, since it runs before anything is installed.
 */
import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled } from "./setup/installed.mjs";
import { root, runNpm, StepFailed, saySkipped } from "./setup/quiet-step.mjs";
import { missingTools } from "./setup/toolchain.mjs";

/**
 * Sets the clone up, and says in one line each what it does.
 * @returns whether all went well; if not, it has said why
 */
export async function setup() {
  const missing = missingTools();
  for (const line of missing) console.error(`Missing ${line}`);
  if (missing.length > 0) return false;
  try {
    if (isInstalled(root)) saySkipped("packages", "up to date");
    else await runNpm("installing packages (npm ci)", ["ci", "--no-audit", "--no-fund"]);
    dropPrebuilds();
    const isFirst = !existsSync(join(root, "build", "Release", "tiesmith.node"));
    await runNpm(`building the native addon${isFirst ? " (minutes)" : ""}`, ["run", "build:native"]);
    await runNpm("building the TypeScript", ["run", "build:ts"]);
    return true;
  } catch (error) {
    if (error instanceof StepFailed) return false;
    throw error;
  }
}

/** The loader takes a prebuilt binary first, and one left behind by packing would hide what is built here. */
function dropPrebuilds() {
  const prebuilds = join(root, "prebuilds");
  if (!existsSync(prebuilds)) return;
  rmSync(prebuilds, { recursive: true });
  saySkipped("prebuilds/", "removed: they would hide the local build");
}

if (resolve(process.argv[1] ?? "") === fileURLToPath(import.meta.url))
  process.exitCode = (await setup()) ? 0 : 1;
