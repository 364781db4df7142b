/** Merges of the bench in little memory. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

const { memoryLimit } = await import(new URL("../../scripts/bench/memory-limit.mjs", import.meta.url).href);

describe("a memory limit", () => {
  it.each(["memory.max", "memory.limit_in_bytes"])(
    "is set in %s of a control group, which commands enter",
    (file) => {
      const cgroup = temporaryFolder();
      writeFileSync(join(cgroup, file), "max");
      const [program, ...words] = memoryLimit(2e9, cgroup)([process.execPath, "-p", "process.pid", "a b"]);
      const { stdout, pid } = spawnSync(program, words, { encoding: "utf8" });
      expect(readFileSync(join(cgroup, file), "utf8")).toBe("2000000000");
      expect(readFileSync(join(cgroup, "cgroup.procs"), "utf8").trim()).toBe(String(pid));
      expect(stdout.trim()).toBe(String(pid));
    },
  );

  it("is refused for a folder that is no control group of memory", () => {
    expect(() => memoryLimit(2e9, temporaryFolder())).toThrow(/has no memory\.max/);
  });

  it("comes from systemd where that runs, and is else not to be had, with the reason", () => {
    const limit = memoryLimit(2e9, undefined);
    if (existsSync("/run/systemd/system")) expect(limit(["true"])).toContain("MemoryMax=2000000000");
    else expect(limit.reason).toMatch(/does not run systemd/);
  });
});
