import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import {
  f32,
  folderWith,
  refusal,
  type TensorData,
  temporaryFolder,
  writeJson,
  writeSharded,
} from "./safetensors-builder.ts";

describe("a tied head", () => {
  const tied = { tie_word_embeddings: true };
  const embedding = f32([2, 2], [1, 2, 3, 4]);
  const head = "lm_head.weight";

  it("equal to the embedding is dropped with a note", () => {
    const { tensors, notes } = readCheckpoint(
      folderWith({ "model.embed_tokens.weight": embedding, [head]: embedding }, tied),
    );
    expect([...tensors.keys()]).toEqual(["model.embed_tokens.weight"]);
    expect(notes).toEqual([
      "dropped lm_head.weight, which is tied to model.embed_tokens.weight and equal to it",
    ]);
  });
  it.each(["transformer.wte.weight", "language_model.model.embed_tokens.weight"])(
    "is compared with %s where that is the embedding",
    (name) => {
      expect(readCheckpoint(folderWith({ [name]: embedding, [head]: embedding }, tied)).tensors.size).toBe(1);
      const other = { ...embedding, data: embedding.data.toReversed() };
      expect(
        refusal(() => readCheckpoint(folderWith({ [name]: embedding, [head]: other }, tied))).message,
      ).toContain(name);
    },
  );
  it("in another shard is compared too", () => {
    const folder = temporaryFolder();
    writeSharded(folder, {
      "1.safetensors": { "model.embed_tokens.weight": embedding },
      "2.safetensors": { [head]: embedding },
    });
    writeJson(join(folder, "config.json"), tied);
    expect(readCheckpoint(folder).tensors.size).toBe(1);
  });
  it.each([
    ["another dtype", { ...embedding, dtype: "I32" }, /it is I32 and the embedding F32/],
    ["another shape", { ...embedding, shape: [4, 1] }, /\[4, 1\].*\[2, 2\]/],
    ["other values", f32([2, 2], [1, 2, 3, 5]), /their values differ/],
  ])("with %s is refused", (_, other, message) => {
    const error = refusal(() =>
      readCheckpoint(folderWith({ "model.embed_tokens.weight": embedding, [head]: other }, tied)),
    );
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toMatch(message);
  });
  it("that differs only in its last byte, beyond the first 4 MiB pieces, is refused", () => {
    const bytes = 9 * 2 ** 20 + 3;
    const long = { dtype: "U8", shape: [bytes], data: new Uint8Array(bytes).fill(7) };
    const other = { ...long, data: long.data.slice() };
    other.data[bytes - 1] = 8;
    const read = (headData: TensorData) =>
      readCheckpoint(folderWith({ "model.embed_tokens.weight": long, [head]: headData }, tied));
    expect(read(long).tensors.size).toBe(1);
    expect(refusal(() => read(other)).message).toContain("their values differ");
  });
  it("is kept where the config does not tie it, or where it is the only copy", () => {
    const both = { "model.embed_tokens.weight": embedding, [head]: embedding };
    expect(readCheckpoint(folderWith(both, { tie_word_embeddings: false })).tensors.size).toBe(2);
    expect(readCheckpoint(folderWith(both)).tensors.size).toBe(2);
    expect(readCheckpoint(folderWith({ [head]: embedding }, tied)).tensors.size).toBe(1);
  });
});
