/**
 * Signals during a merge: an exit code that names the signal, the partial folder kept, and the printed command goes on
 * with it.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  entry,
  header,
  temporaryFolder,
  writeJson,
  writeRawSafetensors,
} from "../checkpoint/safetensors-builder.ts";
import { MAIN, tiesmith } from "./command-line.ts";

const TENSOR_COUNT = 24;
const TENSOR_ELEMENTS = 1 << 22;

/** Two models of 200 MB that take no room on disk: zeros in a hole of the file. */
function largeModels(): string {
  const folder = temporaryFolder();
  const tensorBytes = 2 * TENSOR_ELEMENTS;
  const entries = Array.from({ length: TENSOR_COUNT }, (_, i): [string, object] => [
    `model.layers.${i}.mlp.up_proj.weight`,
    entry(i * tensorBytes, (i + 1) * tensorBytes, [TENSOR_ELEMENTS], "BF16"),
  ]);
  const text = header(Object.fromEntries(entries));
  for (const model of ["a", "b"]) {
    mkdirSync(join(folder, model));
    const weights = join(folder, model, "model.safetensors");
    writeRawSafetensors(weights, text);
    truncateSync(weights, 8 + text.length + TENSOR_COUNT * tensorBytes);
    writeJson(join(folder, model, "config.json"), { model_type: "llama", torch_dtype: "bfloat16" });
  }
  return folder;
}

/** Starts a merge and waits until it has begun to write. */
async function startMerge(folder: string): Promise<{ child: ChildProcess; stderr: () => string }> {
  const words = ["merge", "--method", "linear", "a", "b", "--out", "my out", "--threads", "1"];
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  while (!existsSync(join(folder, "my out.partial"))) {
    expect(child.exitCode).toBe(null);
    await sleep(2);
  }
  return { child, stderr: () => text };
}

describe("a merge that is interrupted", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "by %s stops within a second with exit code %i, and says how to go on",
    async (signal, exitCode) => {
      const folder = largeModels();
      const { child, stderr } = await startMerge(folder);
      const sent = performance.now();
      child.kill(signal);
      const [status] = await once(child, "close");
      expect(performance.now() - sent).toBeLessThan(1000);
      expect(status).toBe(exitCode);
      const last = stderr().trimEnd().split("\n").at(-1);
      expect(last).toBe(
        "tiesmith: Interrupted; go on with: " +
          "tiesmith merge --method linear a b --out 'my out' --threads 1 --resume",
      );
      expect(readdirSync(folder).sort()).toEqual(["a", "b", "my out.partial"]);

      const resumed = tiesmith(
        ["merge", "--method", "linear", "a", "b", "--out", "my out", "--resume"],
        folder,
      );
      expect(resumed).toMatchObject({ status: 0 });
      expect(readdirSync(folder).sort()).toEqual(["a", "b", "my out"]);
    },
  );

  it("by two signals dies of the second at once, and can still be resumed", async () => {
    const folder = largeModels();
    const { child } = await startMerge(folder);
    // Both wait until the process goes on, and reach it before the first can have ended the merge.
    for (const signal of ["SIGSTOP", "SIGINT", "SIGTERM", "SIGCONT"] as const) child.kill(signal);
    const sent = performance.now();
    const [status, signal] = await once(child, "close");
    expect(performance.now() - sent).toBeLessThan(1000);
    expect(status).toBe(null);
    expect(["SIGINT", "SIGTERM"]).toContain(signal);
    expect(existsSync(join(folder, "my out"))).toBe(false);
    const words = ["merge", "--method", "linear", "a", "b", "--out", "my out", "--resume"];
    expect(tiesmith(words, folder)).toMatchObject({ status: 0 });
    expect(readdirSync(folder).sort()).toEqual(["a", "b", "my out"]);
  });

  it("by SIGHUP, with nobody left to read what it says", async () => {
    const folder = largeModels();
    const { child } = await startMerge(folder);
    child.stderr?.destroy();
    child.kill("SIGHUP");
    const [status] = await once(child, "close");
    expect(status).toBe(129);
    expect(readdirSync(folder).sort()).toEqual(["a", "b", "my out.partial"]);
  });
});
