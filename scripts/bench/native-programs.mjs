import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const SOURCES = path.join(REPOSITORY, "native/bench");
const BUILD = path.join(REPOSITORY, "build/bench");

// No contraction: made-up weights must not depend on the instruction set. The floor computes with integers only.
const FLAGS = ["-O3", "-march=native", "-ffp-contract=off", "-std=c++20", "-pthread"];

/**
 * Compiles native/bench/NAME.cc into build/bench unless that is newer than every source, and returns its path.
 *
 * @param {"floor" | "make_checkpoint"} name
 */
export function buildProgram(name) {
  const program = path.join(BUILD, name);
  if (isUpToDate(program)) return program;
  mkdirSync(BUILD, { recursive: true });
  const compiler = process.env.CXX || "c++";
  const built = spawnSync(compiler, [...FLAGS, path.join(SOURCES, `${name}.cc`), "-o", program], {
    encoding: "utf8",
  });
  if (built.error)
    throw new Error(`Expected a C++20 compiler, but ${compiler} does not start; set CXX to one`);
  if (built.status !== 0) throw new Error(`Cannot compile ${name}.cc with ${compiler}:\n${built.stderr}`);
  return program;
}

function isUpToDate(program) {
  const built = statSync(program, { throwIfNoEntry: false });
  if (built === undefined) return false;
  return readdirSync(SOURCES).every((source) => statSync(path.join(SOURCES, source)).mtimeMs < built.mtimeMs);
}

/** Runs one of the programs to its end and returns what it printed; throws with its stderr if it fails. */
export function runProgram(program, args) {
  const run = spawnSync(program, args.map(String), { encoding: "utf8" });
  if (run.error) throw run.error;
  if (run.status !== 0) {
    throw new Error(`${path.basename(program)} failed (${run.status ?? run.signal}): ${run.stderr.trim()}`);
  }
  return run.stdout;
}
