/** Locks and exchanges, as the system gives them. */
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { addon } from "../../src/native/addon.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

it("a lock belongs to one open file, is seen by others, and goes with its descriptor", () => {
  const path = join(temporaryFolder(), "lock");
  const [first, second] = [openSync(path, "a"), openSync(path, "a")];
  const reader = openSync(path, "r");
  expect(addon().isLocked(reader)).toBe(false);
  expect(addon().tryLock(first)).toBe(true);
  expect(addon().tryLock(second)).toBe(false);
  expect([addon().isLocked(first), addon().isLocked(second), addon().isLocked(reader)]).toEqual([
    false,
    true,
    true,
  ]);
  // Closing another descriptor of the file, as POSIX locks would have it, gives nothing away.
  closeSync(reader);
  expect(addon().tryLock(second)).toBe(false);
  closeSync(first);
  expect(addon().tryLock(second)).toBe(true);
  closeSync(second);
});

it("no lock is given on what is no file open for writing", () => {
  const path = join(temporaryFolder(), "lock");
  writeFileSync(path, "");
  const reader = openSync(path, "r");
  expect(() => addon().tryLock(reader)).toThrow(/fcntl.*Bad file descriptor/);
  closeSync(reader);
  expect(() => addon().isLocked(0x7fffffff)).toThrow(/fcntl.*Bad file descriptor/);
  for (const wrong of [-1, Number.NaN, 2 ** 31, "1", null, undefined]) {
    expect(() => addon().tryLock(wrong as number)).toThrow(TypeError);
    expect(() => addon().isLocked(wrong as number)).toThrow(TypeError);
  }
});

it("two folders are swapped with what they hold, whether empty or not", () => {
  const root = temporaryFolder();
  for (const name of ["a", "b"]) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, name), "");
  }
  expect(addon().exchangePaths(join(root, "a"), join(root, "b"))).toBe(true);
  expect([readdirSync(join(root, "a")), readdirSync(join(root, "b"))]).toEqual([["b"], ["a"]]);
});
