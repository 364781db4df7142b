/** Runs a noisy program as one quiet line; what it said is shown only when it fails. */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Lines of a failed program's output that are shown: npm tells the reason first, compilers tell it last. */
const FIRST_LINES = 10;
const LAST_LINES = 30;

const TITLE_WIDTH = 37;

/** A step that failed and has said so. */
export class StepFailed extends Error {}

/** Prints a step that needs no work. */
export function saySkipped(title, why) {
  console.log(`  ${title.padEnd(TITLE_WIDTH)} ${why}`);
}

/**
 * Runs npm with some words in the repository's root.
 * @throws {StepFailed} after showing the end of its output, and the file that holds it all
 */
export async function runNpm(title, words) {
  const { npm_execpath: npm = "" } = process.env;
  // The npm that runs this script, or else the one on the path: other package managers read no package-lock.json.
  const program = basename(npm) === "npm-cli.js" ? [process.execPath, npm] : ["npm"];
  const log = join(root, "build", "logs", `${logName(words)}.log`);
  const started = performance.now();
  process.stdout.write(`  ${title.padEnd(TITLE_WIDTH)} `);
  const status = await runInto(log, [...program, ...words]);
  if (status === 0) return console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
  console.log("failed");
  console.error(
    `\n${endsOf(log)}\n\n"npm ${words.join(" ")}" failed (${status}); all it said is in ${relative(root, log)}`,
  );
  throw new StepFailed(title);
}

async function runInto(log, [program, ...words]) {
  mkdirSync(dirname(log), { recursive: true });
  const stream = createWriteStream(log);
  const environment = {
    ...process.env,
    CMAKE_BUILD_PARALLEL_LEVEL: process.env.CMAKE_BUILD_PARALLEL_LEVEL ?? "4",
  };
  const child = spawn(program, words, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.pipe(stream, { end: false });
  child.stderr.pipe(stream, { end: false });
  const status = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  stream.end();
  await finished(stream);
  return status;
}

/** `run build:native` is logged in `run-build-native.log`. */
function logName(words) {
  return words
    .filter((word) => !word.startsWith("-"))
    .join("-")
    .replaceAll(":", "-");
}

function endsOf(log) {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  if (lines.length <= FIRST_LINES + LAST_LINES) return lines.join("\n");
  return [...lines.slice(0, FIRST_LINES), "[…]", ...lines.slice(-LAST_LINES)].join("\n");
}
