/** The addon refuses wrong arguments by throwing: nothing that JavaScript can say may crash the process. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { addon } from "../../src/native/addon.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

/** Loads the built addon in a new process; every line that `script` prints is one element. */
function runScript(script: string, environment: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const path = join(folder, "bytes");
  writeFileSync(path, Buffer.alloc(64));
  const binary = fileURLToPath(new URL("../../build/Release/tiesmith.node", import.meta.url));
  const head = `import { createRequire } from "node:module";
    const load = () => createRequire(${JSON.stringify(binary)})(${JSON.stringify(binary)});
    const path = ${JSON.stringify(path)};
    const folder = ${JSON.stringify(folder)};
    const say = (value) => console.log(JSON.stringify(value));\n`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", head + script],
    { encoding: "utf8", env: { ...process.env, ...environment }, timeout: 60_000 },
  );
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { status, signal, stderr, lines: lines.map((line) => JSON.parse(line)) };
}

/** A job over zeros that every function accepts, to be spoiled one field at a time. */
const PIECES = `
  const addon = load();
  const file = addon.mapFile(path);
  addon.reserveFile(folder + "/out", 4096);
  const output = addon.openOutput(folder + "/out");
  const source = { file, byteOffset: 0, dtype: "F32" };
  const model = { source, weight: 1, voteWeight: 1, rescale: 1, trim: "everything" };
  const job = { base: source, models: [model], elementCount: 16 };
  const trimJob = { base: source, model: source, elementCount: 16 };
  const window = { low: 0, high: 0x7fffffff, shift: 15 };
  const election = { zeroSign: 1, priority: -1 };
  const combination = { lambda: 1, normalize: true, slack: null };
  const target = { file: output, byteOffset: 0, dtype: "F32", saturate: false };
  const cut = { threshold: 1, tied: 2, taken: 1, firstTie: 0 };
`;

describe("calls with right arguments", () => {
  it("work", () => {
    const { lines, status } = runScript(`${PIECES}
      say(addon.hashRange(file, 0, 64) === addon.hashBytes(new Uint8Array(64)));
      say(addon.tallyTrim(trimJob, window, null).above);
      say([...addon.blockNorms(job)]);
      const { hash, ...counts } = await addon.combine("ties", job, election, combination, target);
      say(counts);
      addon.closeFile(file); addon.closeFile(file); addon.closeOutput(output); say("closed");`);
    expect(status).toBe(0);
    expect(lines).toEqual([
      true,
      0,
      [0, 0],
      {
        models: [{ zero: 16, retained: 0, inConflict: 0, discarded: 0 }],
        conflicts: 0,
        givenBack: 0,
        saturated: 0,
      },
      "closed",
    ]);
  });
});

describe("calls with wrong arguments throw:", () => {
  const wrong: Record<string, readonly string[]> = {
    "no arguments": [
      "addon.mapFile()",
      "addon.closeFile()",
      "addon.readAhead()",
      "addon.hashRange()",
      "addon.hashBytes()",
      "addon.reserveFile()",
      "addon.openOutput()",
      "addon.closeOutput()",
      "addon.tallyTrim()",
      "addon.tallySlack()",
      "addon.blockNorms()",
      "addon.compare()",
      "addon.combine()",
      "addon.copyRange()",
    ],
    "values of another kind": [
      "addon.mapFile(7)",
      "addon.mapFile(null)",
      "addon.hashRange(file, '0', 64)",
      "addon.hashBytes('text')",
      "addon.hashBytes(new Float64Array(2))",
      "addon.reserveFile(folder + '/x', 'many')",
      "addon.tallyTrim(null, window, null)",
      "addon.tallyTrim(trimJob, 5, null)",
      "addon.tallyTrim(trimJob, window, 5)",
      "addon.blockNorms({ ...job, models: {} })",
      "addon.blockNorms({ ...job, models: [5] })",
      "addon.blockNorms({ ...job, models: [{ ...model, weight: '1' }] })",
      "addon.combine('ties', job, election, { ...combination, lambda: 'one' }, target)",
      "addon.combine('ties', job, election, { ...combination, normalize: 1 }, target)",
      "addon.combine('ties', job, election, combination, { ...target, saturate: 'no' })",
    ],
    "handles that are none, or another's": [
      "addon.hashRange({}, 0, 1)",
      "addon.hashRange(output, 0, 1)",
      "addon.closeFile(output)",
      "addon.closeOutput(file)",
      "addon.closeFile({})",
      "addon.readAhead(output, 0, 1)",
      "addon.compare({ ...source, file: output }, source, 16)",
      "addon.blockNorms({ ...job, base: { ...source, file: {} } })",
      "addon.combine('ties', job, election, combination, { ...target, file })",
      "addon.copyRange({ file: output, byteOffset: 0 }, 1, target)",
      "addon.copyRange({ file, byteOffset: 0 }, 1, { ...target, file })",
    ],
    "ranges beyond the file": [
      "addon.hashRange(file, 0, 65)",
      "addon.hashRange(file, 65, 0)",
      "addon.hashRange(file, -1, 1)",
      "addon.hashRange(file, 2 ** 60, 1)",
      "addon.hashRange(file, Number.NaN, 1)",
      "addon.hashRange(file, 0.5, 1)",
      "addon.tallyTrim({ ...trimJob, elementCount: 17 }, window, null)",
      "addon.tallyTrim({ ...trimJob, elementCount: -1 }, window, null)",
      "addon.tallyTrim({ ...trimJob, elementCount: 2 ** 62 }, window, null)",
      "addon.tallyTrim({ ...trimJob, base: { ...source, byteOffset: 4 } }, window, null)",
      "addon.compare(source, source, 17)",
      "addon.compare(source, source, 2 ** 53)",
      "addon.copyRange({ file, byteOffset: 60 }, 5, target)",
      "addon.copyRange({ file, byteOffset: 2 ** 53 }, 1, target)",
    ],
    "values out of range": [
      "addon.tallyTrim(trimJob, { low: 5, high: 4, shift: 0 }, null)",
      "addon.tallyTrim(trimJob, { low: -1, high: 4, shift: 0 }, null)",
      "addon.tallyTrim(trimJob, { low: 0, high: 0x7fffffff, shift: 40 }, null)",
      "addon.tallyTrim(trimJob, window, { run: 0, stride: 0 })",
      "addon.tallyTrim(trimJob, window, { run: 32, stride: 16 })",
      "addon.tallyTrim({ ...trimJob, base: { ...source, dtype: 'F64' } }, window, null)",
      "addon.tallySlack(job, { zeroSign: 7, priority: -1 }, window, null)",
      "addon.tallySlack(job, { zeroSign: 1, priority: 1 }, window, null)",
      "addon.tallySlack(job, { zeroSign: 2, priority: -1 }, window, null)",
      "addon.tallySlack(job, { zeroSign: 1, priority: -0.5 }, window, null)",
      "addon.blockNorms({ ...job, base: null })",
      "addon.blockNorms({ ...job, models: Array(257).fill(model) })",
      "addon.blockNorms({ ...job, models: [{ ...model, trim: 'some' }] })",
      "addon.blockNorms({ ...job, models: [{ ...model, trim: { ...cut, taken: 3 } }] })",
      "addon.combine('slerp', job, election, combination, target)",
      "addon.combine('task', { ...job, base: null }, election, combination, target)",
      "addon.combine('ties', job, election, { ...combination, slack: cut }, target)",
      "addon.combine('ties', job, election, combination, { ...target, dtype: 'I8' })",
      "addon.combine('ties', job, election, combination, { ...target, byteOffset: -1 })",
    ],
    "files that are closed": [
      "(addon.closeFile(file), addon.hashRange(file, 0, 1))",
      "addon.blockNorms(job)",
      "addon.compare(source, source, 1)",
      "(addon.closeOutput(output), addon.copyRange({ file: addon.mapFile(path), byteOffset: 0 }, 1, target))",
    ],
    "files that are not there": [
      "addon.mapFile(folder + '/none')",
      "addon.mapFile(folder)",
      "addon.mapFile(path + '\\0')",
      "addon.openOutput(folder + '/none')",
      "addon.reserveFile(folder + '/no/where', 1)",
    ],
  };
  it.each(Object.entries(wrong))("%s", (_, calls) => {
    const attempts = calls.map(
      (call) => `try { await ${call}; say("returned: " + ${JSON.stringify(call)}); }
        catch (error) { say(error instanceof Error && error.message.length > 5); }`,
    );
    const { lines, status, signal } = runScript(PIECES + attempts.join("\n"));
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    expect(lines).toEqual(calls.map(() => true));
  });

  it("a failed system call tells its number, its name and the path", () => {
    expect(() => addon().mapFile("/nowhere/at/all")).toThrow(
      expect.objectContaining({ errno: 2, syscall: "open", path: "/nowhere/at/all" }),
    );
  });
});

describe("the kernel", () => {
  const KERNEL = "say(load().kernel);";

  it("is the first of those that this CPU supports; scalar always is", () => {
    expect(addon().supportedKernels).toContain("scalar");
    expect(runScript(KERNEL, { TIESMITH_KERNEL: "" }).lines).toEqual([addon().supportedKernels[0]]);
  });

  it.each(addon().supportedKernels)("can be forced: %s", (kernel) => {
    expect(runScript(KERNEL, { TIESMITH_KERNEL: kernel }).lines).toEqual([kernel]);
  });

  it("that does not exist is an error that names those that do", () => {
    const { status, stderr } = runScript(KERNEL, { TIESMITH_KERNEL: "mmx" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Expected TIESMITH_KERNEL to be one of .*scalar on this CPU, but received mmx/);
  });
});
