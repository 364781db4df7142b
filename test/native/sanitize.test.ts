/** What scripts/sanitize does in little time; its other parts take minutes of compiling. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
// 10 and 30 s of compiling on one core, where nothing else runs.
const BUILD_TIMEOUT_MS = 15 * 60_000;

function sanitize(...parts: string[]) {
  const { status, stdout, stderr } = spawnSync(join(root, "scripts", "sanitize"), parts, {
    cwd: root,
    encoding: "utf8",
    timeout: BUILD_TIMEOUT_MS,
  });
  return { status, output: `${stdout}${stderr}` };
}

describe("under the compiler's sanitizers (skipped aloud where it has none)", () => {
  it.each([
    ["files, mappings and hashes touch no memory but their own, and do nothing undefined", "io"],
    ["what threads share is raced for by none", "threads"],
  ])("%s", { timeout: BUILD_TIMEOUT_MS }, (_, part) => {
    const { status, output } = sanitize(part);
    expect(status, output).toBe(0);
    const skipped = /^SKIPPED .*$/m.exec(output)?.[0];
    if (skipped === undefined) expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/m);
    else console.warn(skipped);
  });

  it("a part that does not exist is refused", () => {
    expect(sanitize("everything")).toEqual({
      status: 2,
      output: "Expected io, kernels, threads or addon, but received everything\n",
    });
  });
});
