import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
// The addon's own build, so that the objects that ship are the ones that are tested.
const buildFolder = join(root, "build");
// Seconds after a build of the addon; the kernels alone are about a minute of compiling on two cores.
const BUILD_TIMEOUT_MS = 15 * 60_000;
const RUN_TIMEOUT_MS = 5 * 60_000;

interface Finished {
  code: number | string;
  output: string;
}

/** Runs a program to its end; never rejects, so that a failed test shows all that the program printed. */
async function finish(program: string, programArguments: string[]): Promise<Finished> {
  try {
    const { stdout, stderr } = await run(program, programArguments, { cwd: root, maxBuffer: 64 * 2 ** 20 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, signal, stdout, stderr, message } = error as NodeJS.ErrnoException & Record<string, string>;
    return { code: code ?? signal ?? 1, output: `${stdout ?? ""}${stderr ?? ""}${message}` };
  }
}

describe("the kernels", () => {
  beforeAll(async () => {
    const built = await finish("cmake", ["--build", buildFolder, "--target", "kernel_test", "--parallel"]);
    expect(built.code, built.output).toBe(0);
  }, BUILD_TIMEOUT_MS);

  it(
    "of every instruction set of this CPU equal the scalar ones, and these a plain reference",
    async () => {
      const { code, output } = await finish(join(buildFolder, "kernel_test"), []);
      expect(code, output).toBe(0);
      expect(output).toMatch(/^scalar: [1-9]\d* passed, 0 failed$/m);
      expect(output).toMatch(/^[1-9]\d* passed, 0 failed$/m);
    },
    RUN_TIMEOUT_MS,
  );
});
