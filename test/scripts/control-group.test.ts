/** Merges of the bench in little memory, and with a slow disk. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

const load = (name: string) => import(new URL(`../../scripts/bench/${name}.mjs`, import.meta.url).href);
const { controlGroup } = await load("control-group");
const { memoryLimit } = await load("memory-limit");
const { diskLimit, isOnDisk } = await load("disk-limit");

function groupWith(...files: string[]): string {
  const cgroup = temporaryFolder();
  for (const file of files) writeFileSync(join(cgroup, file), "max");
  return cgroup;
}

const contents = (cgroup: string, file: string) => readFileSync(join(cgroup, file), "utf8").trim();

describe("a memory limit", () => {
  it.each(["memory.max", "memory.limit_in_bytes"])(
    "is set in %s of a control group, which commands enter",
    (file) => {
      const cgroup = groupWith(file);
      const wrapped = controlGroup(memoryLimit(2e9), cgroup);
      const [program, ...words] = wrapped([process.execPath, "-p", "process.pid", "a b"]);
      const { stdout, pid } = spawnSync(program, words, { encoding: "utf8" });
      expect(contents(cgroup, file)).toBe("2000000000");
      expect(contents(cgroup, "cgroup.procs")).toBe(String(pid));
      expect(stdout.trim()).toBe(String(pid));
    },
  );

  it("is refused for a folder that is no control group of memory", () => {
    expect(() => controlGroup(memoryLimit(2e9), temporaryFolder())).toThrow(/has no memory\.max/);
  });

  it("comes from systemd where that runs, and is else not to be had, with the reason", () => {
    const limit = controlGroup(memoryLimit(2e9), undefined);
    if (existsSync("/run/systemd/system")) expect(limit(["true"])).toContain("MemoryMax=2000000000");
    else expect(limit.reason).toMatch(/does not run systemd/);
  });
});

describe("a slow disk", () => {
  // Where the tests run, temporary files may lie in memory, which no limit slows.
  const onDisk = isOnDisk(import.meta.dirname);
  const speed = { readBytes: 1.7e9, writeBytes: 1.6e9 };
  const limit = diskLimit(speed, import.meta.dirname);

  it.skipIf(!onDisk)("is set in io.max of a control group of version 2", () => {
    const cgroup = groupWith("io.max");
    controlGroup(limit, cgroup);
    expect(contents(cgroup, "io.max")).toMatch(/^\d+:\d+ rbps=1700000000 wbps=1600000000$/);
  });

  it.skipIf(!onDisk)("is set in two files of a control group of version 1", () => {
    const files = ["blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device"] as const;
    const cgroup = groupWith(...files);
    controlGroup(limit, cgroup);
    expect(contents(cgroup, files[0])).toMatch(/^\d+:\d+ 1700000000$/);
    expect(contents(cgroup, files[1])).toMatch(/^\d+:\d+ 1600000000$/);
  });

  it("is refused for a folder that is no control group of disks, or files that are on none", () => {
    if (onDisk) expect(() => controlGroup(limit, temporaryFolder())).toThrow(/has no io\.max/);
    if (existsSync("/proc"))
      expect(() => controlGroup(diskLimit(speed, "/proc"), temporaryFolder())).toThrow(
        /speed can be limited/,
      );
  });
});
