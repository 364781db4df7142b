/** The packed package installs without a compiler, runs, and says what to do where it has no addon. */

import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { VERSION } from "../../src/version.ts";
import { installPacked, type PackedProject, ROOT, run } from "./packed-project.ts";

const PREBUILT = `prebuilds/tiesmith-${process.platform}-${process.arch}/node-napi-v8.node`;

/** Merges two models of the examples, and prints one line of JSON on how it went. */
const CONSUMER = `
  import { merge } from "tiesmith";
  const [out, ...models] = process.argv.slice(2);
  const recipe = { merge_method: "linear", models: models.map((model) => ({ model, parameters: { weight: 1 } })) };
  const told = await merge(recipe, { out }).then(
    ({ tensorCount }) => ({ tensorCount }),
    ({ code, message }) => ({ code, message }),
  );
  console.log(JSON.stringify(told));
`;

let packed: PackedProject;

beforeAll(() => {
  packed = installPacked();
  writeFileSync(join(packed.project, "consumer.mjs"), CONSUMER);
}, 300_000);

afterAll(() => packed?.remove());

function mergeAsConsumer(out: string): Record<string, unknown> {
  const models = ["ct-x", "sft"].map((name) => join(ROOT, "examples", "tinylang", "models", name));
  const { output } = run(process.execPath, ["consumer.mjs", out, ...models], packed.project);
  return JSON.parse(output);
}

it("installs into an empty project without a run of node-gyp", () => {
  expect(packed.installation.status, packed.installation.output).toBe(0);
  expect(packed.installation.output).toContain("npm info");
  expect(packed.installation.output).not.toMatch(/gyp/i);
  expect(existsSync(join(packed.installed, "build"))).toBe(false);
  expect(JSON.parse(readFileSync(join(packed.installed, "package.json"), "utf8")).gypfile).toBe(false);
}, 60_000);

it("holds the prebuilt addon, the sources that build it, and no binding.gyp", () => {
  const sources = readdirSync(join(ROOT, "native"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
  expect(sources.length).toBeGreaterThan(20);
  const needed = [
    ...sources,
    PREBUILT,
    "CMakeLists.txt",
    "dist/index.d.ts",
    "dist/LICENSES.txt",
    "tasks/sib200.yaml",
    "README.md",
    "LICENSE",
    "NOTICE",
  ];
  expect(packed.packedFiles).toEqual(expect.arrayContaining(needed));
  expect(packed.packedFiles).not.toContain("binding.gyp");
  expect(packed.packedFiles.filter((path) => /^(test|examples|node_modules|build|src)\//.test(path))).toEqual(
    [],
  );
}, 60_000);

it("gives the project the command", () => {
  const { status, output } = run("npx", ["--no-install", "tiesmith", "--version"], packed.project);
  expect(output).toContain(VERSION);
  expect(status).toBe(0);
}, 60_000);

it("merges through the API with the prebuilt addon, and without it says what was looked for", () => {
  expect(mergeAsConsumer("merged")).toEqual({ tensorCount: 39 });
  expect(existsSync(join(packed.project, "merged", "model.safetensors"))).toBe(true);

  rmSync(join(packed.installed, "prebuilds"), { recursive: true });
  const { code, message } = mergeAsConsumer("merged-again");
  expect(code).toBe("ADDON_MISSING");
  expect(message).toContain(join(packed.installed, PREBUILT));
  expect(message).toContain(join(packed.installed, "build", "Release", "tiesmith.node"));
  expect(message).toMatch(/Build it with: cd (\S+) && npm install && npm run build:native$/);
}, 60_000);

it("evaluates only where node-llama-cpp is, and says how to get it", () => {
  const examples = join(ROOT, "examples", "tinylang");
  const words = [
    join(examples, "models/sft"),
    "--tasks",
    join(examples, "tasks/tc.yaml"),
    "--languages",
    "A",
  ];
  const common = ["--data", join(examples, "data"), "--cache", "answers"];
  const { status, output } = run(
    "npx",
    ["--no-install", "tiesmith", "evaluate", ...words, ...common],
    packed.project,
  );
  expect(output).toMatch(/node-llama-cpp .* not installed; install it with: npm install node-llama-cpp\n$/);
  expect(status).toBe(2);
}, 60_000);

it("can be built where it is installed, as that message says", () => {
  const { scripts } = JSON.parse(readFileSync(join(packed.installed, "package.json"), "utf8"));
  expect(scripts["build:native"]).toMatch(/^cmake-js compile/);
  // Stands for `npm install`. Configuring finds every source and every header folder; compiling takes minutes.
  symlinkSync(join(ROOT, "node_modules"), join(packed.installed, "node_modules"));
  const { status, output } = run("npx", ["--no-install", "cmake-js", "configure"], packed.installed);
  expect(status, output).toBe(0);
  expect(existsSync(join(packed.installed, "build", "CMakeCache.txt"))).toBe(true);
}, 120_000);
