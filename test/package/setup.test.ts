/** A fresh clone is told what its machine lacks, before anything is installed or built. */

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TOOLCHAIN = new URL("../../scripts/setup/toolchain.mjs", import.meta.url).href;
const INSTALLED = new URL("../../scripts/setup/installed.mjs", import.meta.url).href;

/** Programs of a made-up machine: the real one, or a shell script in its place. */
type Machine = Readonly<Record<string, true | string>>;

const COMPLETE: Machine = { "c++": true, cmake: true, make: "echo GNU Make 4.3" };

function setUpOn(machine: Machine): SpawnSyncReturns<string> {
  const folder = temporaryFolder();
  for (const [name, program] of Object.entries(machine)) {
    const path = join(folder, name);
    if (program === true) symlinkSync(spawnSync("which", [name], { encoding: "utf8" }).stdout.trim(), path);
    else {
      writeFileSync(path, `#!/bin/sh\n${program}\n`);
      chmodSync(path, 0o755);
    }
  }
  return spawnSync(process.execPath, ["scripts/setup.mjs"], {
    cwd: ROOT,
    env: { PATH: folder },
    encoding: "utf8",
  });
}

describe("setup", () => {
  it.each<[string, Machine, RegExp]>([
    [
      "no CMake",
      { ...COMPLETE, cmake: "exit 127" },
      /^Missing CMake 3\.20 or newer: found none; get it \S+.*\n$/,
    ],
    [
      "an old CMake",
      { ...COMPLETE, cmake: "echo cmake version 3.9.6" },
      /^Missing CMake.*: found 3\.9\.6; get it .*\n$/,
    ],
    [
      "no compiler",
      { ...COMPLETE, "c++": "exit 127" },
      /^Missing a C\+\+20 compiler .*: found none; get it .*\n$/,
    ],
    [
      "a compiler without C++20",
      { ...COMPLETE, "c++": '[ "$1" = --version ] && echo c++ 7.5' },
      /^Missing a C\+\+20 compiler .*: found c\+\+, which cannot compile C\+\+20; get it .*\n$/,
    ],
    ["no make", { ...COMPLETE, make: "exit 127" }, /^Missing make or ninja: found neither; get it .*\n$/],
    ["nothing at all", {}, /^Missing a C\+\+20.*\nMissing CMake.*\nMissing make.*\n$/],
  ])("stops on a machine with %s and says how to get it", (_name, machine, message) => {
    const { status, stdout, stderr } = setUpOn(machine);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  });

  it("asks for the versions that package.json and CMakeLists.txt ask for", async () => {
    const { NODE_MINIMUM, CMAKE_MINIMUM } = await import(TOOLCHAIN);
    const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(engines.node).toBe(`>=${NODE_MINIMUM.join(".")}`);
    const lists = readFileSync(join(ROOT, "CMakeLists.txt"), "utf8");
    expect(lists).toContain(`cmake_minimum_required(VERSION ${CMAKE_MINIMUM.join(".")})`);
  });
});

describe("installed packages", () => {
  const left = { version: "1.0.0" };
  const other = { version: "2.0.0", optional: true };

  async function isInstalled(locked: object, installed: object | null): Promise<boolean> {
    const root = temporaryFolder();
    mkdirSync(join(root, "node_modules", "left"), { recursive: true });
    writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages: { "": {}, ...locked } }));
    const record = join(root, "node_modules", ".package-lock.json");
    if (installed !== null) writeFileSync(record, JSON.stringify({ packages: installed }));
    return (await import(INSTALLED)).isInstalled(root);
  }

  it("are up to date when each has the locked version, optional ones of other platforms aside", async () => {
    const locked = { "node_modules/left": left, "node_modules/other": other };
    expect(await isInstalled(locked, { "node_modules/left": left })).toBe(true);
  });

  it.each<[string, object, object | null]>([
    ["there are none", { "node_modules/left": left }, null],
    [
      "one is missing",
      { "node_modules/left": left, "node_modules/new": left },
      { "node_modules/left": left },
    ],
    ["one has another version", { "node_modules/left": left }, { "node_modules/left": { version: "0.9.0" } }],
    ["one was removed by hand", { "node_modules/gone": left }, { "node_modules/gone": left }],
  ])("are stale when %s", async (_name, locked, installed) => {
    expect(await isInstalled(locked, installed)).toBe(false);
  });
});
