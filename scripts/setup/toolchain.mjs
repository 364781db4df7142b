/** What must be on the machine before anything can be installed or built, and how to get what is not. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** The same minimum as `engines.node` in package.json; a test keeps them equal. */
export const NODE_MINIMUM = [20, 19];

/** The same minimum as `cmake_minimum_required` in CMakeLists.txt. */
export const CMAKE_MINIMUM = [3, 20];

/** `std::bit_cast` came with GCC 11 and clang 14; the headers may be missing where the compiler is not. */
const PROBE = "#include <bit>\n#include <cstdint>\nconstexpr auto x = std::bit_cast<std::uint32_t>(1.0f);\n";

/** One line for each thing that is missing or too old, with the way to get it; none when all is there. */
export function missingTools() {
  return [missingPlatform(), missingNode(), missingCompiler(), missingCmake(), missingBuildTool()].filter(
    (line) => line !== null,
  );
}

function missingPlatform() {
  if (process.platform === "linux") return null;
  return `Linux: found ${process.platform}; use a Linux machine, a container, or WSL on Windows`;
}

function missingNode() {
  if (isAtLeast(process.versions.node, NODE_MINIMUM)) return null;
  return `Node ${NODE_MINIMUM.join(".")} or newer: found ${process.versions.node}; get it from https://nodejs.org`;
}

function missingCompiler() {
  const wanted = "a C++20 compiler (GCC 11, clang 14 or newer)";
  const compiler = process.env.CXX || ["c++", "g++", "clang++"].find((name) => versionOf(name) !== null);
  if (compiler === undefined)
    return `${wanted}: found none; ${getIt("g++", "gcc-c++", "https://gcc.gnu.org")}`;
  const [command, ...words] = compiler.split(" ");
  const options = [...words, "-std=c++20", "-fsyntax-only", "-x", "c++", "-"];
  if (spawnSync(command, options, { input: PROBE }).status === 0) return null;
  return `${wanted}: found ${compiler}, which cannot compile C++20; ${getIt("g++", "gcc-c++", "https://gcc.gnu.org")}`;
}

function missingCmake() {
  const version = versionOf("cmake");
  if (version !== null && isAtLeast(version, CMAKE_MINIMUM)) return null;
  const found = version === null ? "found none" : `found ${version}`;
  return `CMake ${CMAKE_MINIMUM.join(".")} or newer: ${found}; ${getIt("cmake", "cmake", "https://cmake.org/download")}`;
}

function missingBuildTool() {
  if (["ninja", "make", "gmake"].some((name) => versionOf(name) !== null)) return null;
  return `make or ninja: found neither; ${getIt("make", "make", "https://www.gnu.org/software/make")}`;
}

/** The first number that a program gives as its version; null if it does not run. */
function versionOf(program) {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (status !== 0) return null;
  return /\d+(\.\d+)*/.exec(stdout)?.[0] ?? "an unknown version";
}

function isAtLeast(version, [major, minor]) {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

function getIt(debian, fedora, address) {
  if (existsSync("/usr/bin/apt-get")) return `get it with: sudo apt-get install ${debian}`;
  if (existsSync("/usr/bin/dnf")) return `get it with: sudo dnf install ${fedora}`;
  return `get it from ${address}`;
}
