import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const cmake = readFileSync(join(root, "CMakeLists.txt"), "utf8");
const gyp = JSON.parse(readFileSync(join(root, "binding.gyp"), "utf8")).targets[0];

/** The `native/**.cc` paths inside one CMake command, by how the command begins. */
function cmakeSources(command: string): string[] {
  const start = cmake.indexOf(command);
  if (start < 0) throw new Error(`Expected CMakeLists.txt to hold ${command}`);
  return cmake.slice(start, cmake.indexOf(")", start)).match(/native\/\S+\.cc/g) ?? [];
}

function sourcesOnDisk(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, "native", folder))
      .filter((name) => name.endsWith(".cc"))
      .map((name) => `native/${folder}/${name}`),
  );
}

describe("the addon's sources", () => {
  it("are the same in CMakeLists.txt and binding.gyp", () => {
    expect(gyp.sources.toSorted()).toEqual(cmakeSources("set(TIESMITH_SOURCES").toSorted());
  });

  it("are all the files of bindings, drafts, gguf, io and kernels", () => {
    const onDisk = sourcesOnDisk("bindings", "drafts", "gguf", "io", "kernels");
    expect(cmakeSources("set(TIESMITH_SOURCES").toSorted()).toEqual(onDisk.toSorted());
  });

  it("are compiled without contraction of a * b + c by both builds", () => {
    expect(gyp.cflags_cc).toContain("-ffp-contract=off");
    expect(cmake).toMatch(/set\(TIESMITH_OPTIONS[^)]*-ffp-contract=off/);
  });
});

it("builds all files of native/test into kernel_test", () => {
  const listed = cmakeSources("add_executable(kernel_test");
  expect(listed.toSorted()).toEqual(sourcesOnDisk("test").toSorted());
});
