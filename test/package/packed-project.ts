/** The package as a user gets it: packed with a prebuilt addon, and installed into an empty project. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  /** Everything that was said, on stdout and stderr. */
  readonly output: string;
}

export interface PackedProject {
  /** Paths in the tarball, without its `package/`. */
  readonly packedFiles: readonly string[];
  /** The empty project that the package was installed into. */
  readonly project: string;
  /** The package in the project's `node_modules`. */
  readonly installed: string;
  readonly installation: Outcome;
  remove(): void;
}

/** Runs a program without what an outer npm has put into the environment. */
export function run(command: string, words: readonly string[], cwd: string): Outcome {
  const own = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_"));
  const { status, stdout, stderr } = spawnSync(command, words, {
    cwd,
    env: Object.fromEntries(own),
    encoding: "utf8",
    timeout: 240_000,
  });
  return { status, output: `${stdout}${stderr}` };
}

/** Packs, and installs the tarball. The working tree is left as it is: packing goes on in a copy. */
export function installPacked(): PackedProject {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-packed-"));
  const stage = join(folder, "stage");
  stagePackage(stage);
  must(run("npm", ["run", "build:prebuilt"], stage));
  // `prepack` would build once more what `npm test` has just built.
  must(run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], stage));
  const { name, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const tarball = join(folder, `${name}-${version}.tgz`);
  const packedFiles = must(run("tar", ["-tzf", tarball], folder))
    .output.trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
  // At this level npm names every script that it runs.
  const words = ["install", tarball, "--loglevel=info", "--foreground-scripts", "--prefer-offline"];
  const installation = run("npm", [...words, "--no-audit", "--no-fund"], project);
  return {
    packedFiles,
    project,
    installed: join(project, "node_modules", name),
    installation,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What `npm publish` sees, binding.gyp included, which must stay out of the tarball. */
function stagePackage(stage: string): void {
  mkdirSync(join(stage, "build", "Release"), { recursive: true });
  const files = [
    "package.json",
    "README.md",
    "LICENSE",
    "NOTICE",
    "CHANGELOG.md",
    "CMakeLists.txt",
    "binding.gyp",
  ];
  for (const path of [...files, "native", "dist", "docs", "tasks", "build/Release/tiesmith.node"])
    cpSync(join(ROOT, path), join(stage, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(stage, "node_modules"));
}

function must(outcome: Outcome): Outcome {
  if (outcome.status !== 0) throw new Error(outcome.output);
  return outcome;
}
