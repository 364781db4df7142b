import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import {
  f32,
  folderWith,
  refusal,
  type TensorData,
  temporaryFolder,
  withoutRights,
  writeJson,
  writeSafetensors,
  writeSharded,
  zeros,
} from "./safetensors-builder.ts";

const SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
const one = f32([1], [1]);

/** Two shards with one tensor each, and the index as `change` leaves it. */
function shardedFolder(change: (weightMap: Record<string, string>) => void = () => {}): string {
  const folder = temporaryFolder();
  writeSharded(folder, { [SHARDS[0]]: { a: one }, [SHARDS[1]]: { b: one } });
  const weightMap: Record<string, string> = { a: SHARDS[0], b: SHARDS[1] };
  change(weightMap);
  writeJson(join(folder, "model.safetensors.index.json"), { weight_map: weightMap });
  return folder;
}

describe("a model folder", () => {
  it("with one file gives its tensors in file order, absolute paths and no notes", () => {
    const folder = folderWith({ z: one, a: zeros("I64", [1], 8) });
    const checkpoint = readCheckpoint(relative(process.cwd(), folder));
    expect(checkpoint).toMatchObject({ folder, config: null, notes: [] });
    expect([...checkpoint.tensors.keys()]).toEqual(["z", "a"]);
    expect(checkpoint.shards[0]?.path).toBe(join(folder, "model.safetensors"));
  });

  it("with shards says which shard holds which tensor", () => {
    const { tensors, shards } = readCheckpoint(shardedFolder());
    expect(shards.map(({ path }) => path.split("/").at(-1))).toEqual(SHARDS);
    expect([tensors.get("a")?.shardIndex, tensors.get("b")?.shardIndex]).toEqual([0, 1]);
  });

  it("with both an index and model.safetensors is read by the index", () => {
    const folder = shardedFolder();
    writeSafetensors(join(folder, "model.safetensors"), { stale: one });
    expect([...readCheckpoint(folder).tensors.keys()]).toEqual(["a", "b"]);
  });

  it("made of links into blobs, like a hub snapshot, is read", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "blobs"));
    mkdirSync(join(folder, "snapshot"));
    writeSafetensors(join(folder, "blobs", "1234"), { a: one });
    symlinkSync("../blobs/1234", join(folder, "snapshot", "model.safetensors"));
    expect(readCheckpoint(join(folder, "snapshot")).tensors.size).toBe(1);
  });

  it("of 291 tensors in three shards takes milliseconds", () => {
    const folder = temporaryFolder();
    const shards: Record<string, Record<string, TensorData>> = {};
    for (const shard of [0, 1, 2]) {
      const names = Array.from(
        { length: 97 },
        (_, i) => [`model.layers.${i}.mlp.${shard}.weight`, one] as const,
      );
      shards[`m-${shard}.safetensors`] = Object.fromEntries(names);
    }
    writeSharded(folder, shards);
    readCheckpoint(folder);
    const start = performance.now();
    expect(readCheckpoint(folder).tensors.size).toBe(291);
    // About 5 ms on two shared cores; the bound leaves room for noise and still catches a slow scan.
    expect(performance.now() - start).toBeLessThan(100);
  });
});

describe("index and shards disagree:", () => {
  it("a listed shard is absent", () => {
    const folder = shardedFolder();
    rmSync(join(folder, SHARDS[1]));
    const error = refusal(() => readCheckpoint(folder));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toMatch(
      /model-00002-of-00002\.safetensors, but found nothing; download the model again/,
    );
  });
  it("all broken shards are named at once", () => {
    const folder = shardedFolder();
    rmSync(join(folder, SHARDS[0]));
    truncateSync(join(folder, SHARDS[1]), 70);
    const error = refusal(() => readCheckpoint(folder));
    expect(error.message).toMatch(/^2 problems:/);
    expect(error.message).toContain(SHARDS[0]);
    expect(error.message).toContain(SHARDS[1]);
  });
  it("a listed tensor is in no shard", () => {
    const folder = shardedFolder((map) => {
      map.c = SHARDS[0];
    });
    expect(refusal(() => readCheckpoint(folder)).message).toMatch(
      /lists in model-00001-of-00002\.safetensors, but that shard lacks "c"/,
    );
  });
  it("a tensor is in another shard than listed", () => {
    const folder = shardedFolder((map) => {
      map.b = SHARDS[0];
      map.x = SHARDS[1];
    });
    const error = refusal(() => readCheckpoint(folder));
    expect(error.message).toContain('that shard lacks "b"');
    expect(error.message).toContain('that shard lacks "x"');
  });
  it("a shard holds a tensor that is not listed", () => {
    const folder = shardedFolder();
    writeSafetensors(join(folder, SHARDS[0]), { a: one, extra: one });
    expect(refusal(() => readCheckpoint(folder)).message).toMatch(/but it lacks "extra"/);
  });
  it("two shards hold the same tensor", () => {
    const folder = shardedFolder();
    writeSafetensors(join(folder, SHARDS[1]), { a: one, b: one });
    const error = refusal(() => readCheckpoint(folder));
    expect(error.message).toContain('Expected tensor "a" in one shard');
    expect(error.message).toContain(SHARDS[0]);
    expect(error.message).toContain(SHARDS[1]);
  });
});

describe("derived buffers", () => {
  const buffers = {
    "model.layers.0.self_attn.rotary_emb.inv_freq": zeros("F64", [1], 8),
    "model.layers.1.self_attn.rotary_emb.inv_freq": one,
    "h.0.attn.bias": zeros("U8", [1], 1),
    "h.0.attn.masked_bias": one,
  };
  it("are dropped, whatever their dtype, with a note for each kind", () => {
    const { tensors, notes } = readCheckpoint(folderWith({ ...buffers, "h.0.attn.c_attn.bias": one }));
    expect([...tensors.keys()]).toEqual(["h.0.attn.c_attn.bias"]);
    expect(notes).toHaveLength(3);
    expect(notes[0]).toContain("dropped 2 *.rotary_emb.inv_freq buffers");
  });
  it("may be in the index or in the shard only", () => {
    const folder = shardedFolder((map) => {
      map["model.layers.0.self_attn.rotary_emb.inv_freq"] = SHARDS[0];
    });
    writeSafetensors(join(folder, SHARDS[1]), { b: one, "h.0.attn.bias": one });
    expect([...readCheckpoint(folder).tensors.keys()]).toEqual(["a", "b"]);
  });
  it("are shown to who inspects", () => {
    expect(readCheckpoint(folderWith(buffers), { purpose: "inspect" }).tensors.size).toBe(4);
  });
});

describe("a path that holds no model is refused:", () => {
  const refusedFolder = (...names: string[]): string => {
    const folder = temporaryFolder();
    for (const name of names) writeFileSync(join(folder, name), "");
    const error = refusal(() => readCheckpoint(folder));
    expect(error.code).toBe("MODEL_NOT_FOUND");
    expect(error.message).toContain(folder);
    return error.message;
  };

  it("nothing is there", () => {
    const error = refusal(() => readCheckpoint(join(temporaryFolder(), "absent")));
    expect(error).toMatchObject({
      code: "MODEL_NOT_FOUND",
      message: expect.stringContaining("absent, but found nothing"),
    });
  });
  it("it is a .safetensors file, with its folder as advice", () => {
    const folder = folderWith({ a: one });
    const error = refusal(() => readCheckpoint(join(folder, "model.safetensors")));
    expect(error.code).toBe("MODEL_NOT_FOUND");
    expect(error.message).toMatch(new RegExp(`found a file; give the folder that holds it: ${folder}$`));
  });
  it("it is another file", () => {
    const file = join(temporaryFolder(), "notes.txt");
    writeFileSync(file, "");
    expect(refusal(() => readCheckpoint(file)).message).toMatch(/notes\.txt, but found a file$/);
  });
  it("it is empty", () => expect(refusedFolder()).toContain("complete the download"));
  it("it holds only pickles, with how to convert them", () => {
    const message = refusedFolder(
      "config.json",
      "pytorch_model-00001-of-00002.bin",
      "pytorch_model.bin.index.json",
    );
    expect(message).toContain("pytorch_model-00001-of-00002.bin");
    expect(message).toContain("safe_serialization=True");
  });
  it("it holds a LoRA adapter", () =>
    expect(refusedFolder("adapter_model.safetensors")).toContain("LoRA adapter"));
  it("it holds shards without an index", () =>
    expect(refusedFolder(...SHARDS)).toContain("the index is missing"));
  it("it holds only GGUF", () => expect(refusedFolder("model-q4.gguf")).toContain("only GGUF"));
  it("the system forbids to list it", () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o000);
    const error = withoutRights(() => refusal(() => readCheckpoint(folder)));
    expect(error).toMatchObject({ code: "NO_PERMISSION", message: expect.stringContaining(folder) });
  });
});
