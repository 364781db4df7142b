/** What merges take is given back: memory, descriptors, threads and mappings, however they end. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";

interface Held {
  readonly anonymousMegabytes: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly mapped: number;
}

it("by fifty merges in one process, three of five of which fail", () => {
  const folder = temporaryFolder();
  writeFaultModels(folder);
  const task = {
    recipe: faultRecipe(folder),
    options: { ...FAULT_OPTIONS, out: join(folder, "out") },
    spoilt: join(folder, "ct", "model.safetensors"),
    warmUp: 3,
    rounds: 7,
  };
  const script = join(import.meta.dirname, "many-merges.mjs");
  const child = spawnSync(process.execPath, ["--expose-gc", script, JSON.stringify(task)], {
    encoding: "utf8",
  });
  expect({ status: child.status, stderr: child.stderr }).toEqual({ status: 0, stderr: "" });
  const { before, after, codes } = JSON.parse(child.stdout) as Record<"before" | "after", Held> & {
    codes: Record<string, number>;
  };
  expect(codes).toEqual({ none: 20, INTERRUPTED: 10, INPUT_CHANGED: 10, NOT_FINITE: 10 });
  const { anonymousMegabytes, ...others } = after;
  expect(others).toEqual({ descriptors: before.descriptors, threads: before.threads, mapped: 0 });
  // Ones that each kept a worker's heap would have grown by 100 MB and more. From one round to the next what the C library
  // keeps goes up and down by up to 40 MB, without end or trend over 28 rounds.
  expect(anonymousMegabytes - before.anonymousMegabytes).toBeLessThan(40);
});
