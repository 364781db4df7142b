/** Offsets beyond 4 GiB, which no 32-bit number holds. */
import { closeSync, mkdirSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { inspect, merge, verify } from "tiesmith";
import { expect, it } from "vitest";
import { entry, header, temporaryFolder, writeRawSafetensors } from "../checkpoint/safetensors-builder.ts";
import { widen } from "./float-formats.ts";
import { storedTensors } from "./stored-tensors.ts";
import { bf16 } from "./tensor-builders.ts";

/** A buffer that a merge leaves out, so that only its place counts; it is a hole of the file. */
const BUFFER = "h.0.attn.bias";
const BUFFER_BYTES = 2 ** 32 + 4;
const ELEMENTS = 5001;

function writeLargeModel(folder: string, value: number): void {
  mkdirSync(folder);
  const path = join(folder, "model.safetensors");
  const end = BUFFER_BYTES + 2 * ELEMENTS;
  const text = header({
    [BUFFER]: entry(0, BUFFER_BYTES, [BUFFER_BYTES / 4], "F32"),
    weight: entry(BUFFER_BYTES, end, [ELEMENTS], "BF16"),
  });
  writeRawSafetensors(path, text);
  truncateSync(path, 8 + text.length + end);
  const descriptor = openSync(path, "r+");
  const { data } = bf16([ELEMENTS], new Array<number>(ELEMENTS).fill(value));
  writeSync(descriptor, data, 0, data.byteLength, 8 + text.length + BUFFER_BYTES);
  closeSync(descriptor);
}

it("a tensor that lies beyond 4 GiB of its file is read from its place", async () => {
  const folder = temporaryFolder();
  for (const [value, model] of ["base", "a", "b"].entries()) writeLargeModel(join(folder, model), value);
  expect(inspect(join(folder, "a")).byteSize).toBeGreaterThan(2 ** 32);
  expect(statSync(join(folder, "a", "model.safetensors")).blocks * 512).toBeLessThan(1 << 20);
  const out = join(folder, "out");
  const models = ["a", "b"].map((model) => ({ model: join(folder, model), parameters: { weight: 1 } }));
  await merge(
    { merge_method: "ties", base_model: join(folder, "base"), models },
    { out, chunkElements: 4096 },
  );
  const { weight, ...others } = storedTensors(out);
  expect(others).toEqual({});
  expect(new Set(widen("BF16", weight?.data as Uint8Array))).toEqual(new Set([1.5]));
  expect(await verify(out)).toMatchObject({ ok: true });
});
