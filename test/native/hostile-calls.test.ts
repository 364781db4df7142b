/** Nothing that JavaScript can say to the addon, from however many threads, ends the process. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addon } from "../../src/native/addon.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

const root = join(import.meta.dirname, "..", "..");
const ADDON = join(root, "build", "Release", "tiesmith.node");

/** Runs a script of test/native/hostile to its end; says which call was under way if it was the last. */
function attack(script: string, environment: Readonly<Record<string, string>> = {}) {
  const folder = join(temporaryFolder(), "files");
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "hostile", script), ADDON, folder],
    { encoding: "utf8", env: { ...process.env, ...environment }, timeout: 300_000 },
  );
  const call = join(folder, "call");
  const last = existsSync(call) ? readFileSync(call, "utf8").trim() : "";
  expect({ status, signal }, `${stdout}${stderr}${last}`).toEqual({ status: 0, signal: null });
  return JSON.parse(stdout);
}

describe("every export, called with wrong values and with arguments that change while they are read,", () => {
  it.each([...new Set([addon().kernel, "scalar"])])(
    "throws an error or answers, and stays right: %s",
    (kernel) => {
      const { answered, refused, faults } = attack("calls.mjs", { TIESMITH_KERNEL: kernel });
      expect(faults).toEqual([]);
      expect(refused).toBeGreaterThan(10_000);
      expect(answered).toBeGreaterThan(1000);
    },
  );
});

describe("several threads at once", () => {
  it("get right answers from files that others close, and leave nothing open, half of them ended midway", () => {
    expect(attack("workers.mjs")).toEqual({ workers: 12, ended: 6, faults: [] });
  });
});
