/** One turned bit, anywhere in any file of an output: verify finds it, and names the file or the tensor. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { merge, verify } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { f32, type TensorData, writeJson, writeSafetensors } from "../checkpoint/safetensors-builder.ts";
import { bf16, i64 } from "../execute/tensor-builders.ts";

let folder = "";
const outs = { plain: "", digested: "" };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  const numbers = (count: number, step: number) =>
    Array.from({ length: count }, (_, i) => ((i * 7 + step) % 31) / 8);
  const models = [1, 2].map((step) => {
    const tensors: Record<string, TensorData> = {
      "large.weight": bf16([5000], numbers(5000, step)),
      "odd.weight": bf16([3], numbers(3, step)),
      "norm.weight": f32([9], numbers(9, step)),
      positions: i64([1n, 2n, 3n]),
    };
    const model = join(folder, `model-${step}`);
    mkdirSync(model);
    writeSafetensors(join(model, "model.safetensors"), tensors, { metadata: { format: "pt" } });
    writeJson(join(model, "config.json"), { model_type: "llama", torch_dtype: "bfloat16" });
    writeJson(join(model, "tokenizer_config.json"), { model_max_length: 8 });
    return { model, parameters: { weight: step } };
  });
  for (const kind of ["plain", "digested"] as const) {
    outs[kind] = join(folder, kind);
    const options = { threads: 1, chunkElements: 4096, maxShardBytes: 8000, sha256: kind === "digested" };
    await merge({ merge_method: "linear", models }, { ...options, out: outs[kind] });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What holds a byte of a shard: a tensor, or the header with its padding. */
function holderOf(path: string, position: number): string | null {
  const bytes = readFileSync(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  if (position < dataStart) return null;
  const { __metadata__: _, ...entries } = JSON.parse(bytes.toString("utf8", 8, dataStart)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const [name] = Object.entries(entries).find(
    ([
      ,
      {
        data_offsets: [begin, end],
      },
    ]) => {
      return position >= dataStart + begin && position < dataStart + end;
    },
  ) as [string, object];
  return name;
}

function turnBit(path: string, position: number, bit: number): void {
  const byte = readFileSync(path)[position] as number;
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, Uint8Array.of(byte ^ (1 << bit)), 0, 1, position);
  closeSync(descriptor);
}

/** The names that a verification finds fault with; a manifest that cannot be read is named by its refusal. */
async function faultsOf(out: string): Promise<string[]> {
  try {
    const { ok, failures } = await verify(out, { threads: 1 });
    expect(ok).toBe(failures.length === 0);
    return failures.map(({ name }) => name);
  } catch (error) {
    expect(error).toMatchObject({
      code: "CHECKPOINT_INVALID",
      message: expect.stringContaining("tiesmith.json"),
    });
    return ["tiesmith.json"];
  }
}

async function expectFound(out: string, file: string, position: number, bit: number): Promise<void> {
  const path = join(out, file);
  const culprit = file.endsWith(".safetensors") ? (holderOf(path, position) ?? file) : file;
  turnBit(path, position, bit);
  const where = `${file}, byte ${position}, bit ${bit}`;
  expect(await faultsOf(out), where).toContain(culprit);
  turnBit(path, position, bit);
}

describe.each(["plain", "digested"] as const)("in a %s output", (kind) => {
  it("a bit of any file", async () => {
    const out = outs[kind];
    expect(await faultsOf(out)).toEqual([]);
    const files = readdirSync(out);
    const place = fc.constantFrom(...files).chain((file) =>
      fc.record({
        file: fc.constant(file),
        position: fc.nat({ max: statSync(join(out, file)).size - 1 }),
        bit: fc.nat({ max: 7 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(place, ({ file, position, bit }) => expectFound(out, file, position, bit)),
      { numRuns: 40 },
    );
    expect(await faultsOf(out)).toEqual([]);
  });

  it("the last byte of every header's padding, and the first and last of every file", async () => {
    const out = outs[kind];
    for (const file of readdirSync(out)) {
      const bytes = readFileSync(join(out, file));
      await expectFound(out, file, 0, 0);
      await expectFound(out, file, bytes.byteLength - 1, 7);
      if (file.endsWith(".safetensors")) await expectFound(out, file, 7 + Number(bytes.readBigUInt64LE()), 4);
    }
  });
});

it("every byte of a manifest's checksum, and of the words around it", async () => {
  const size = statSync(join(outs.plain, "tiesmith.json")).size;
  for (let position = size - 85; position < size; position += 3)
    await expectFound(outs.plain, "tiesmith.json", position, position % 8);
});
