/** Models that cannot be written as GGUF, places that cannot take the file, values that do not fit. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TiesmithError } from "../../src/errors.ts";
import { type ExportOptions, exportGguf } from "../../src/gguf/export-gguf.ts";
import { f32, temporaryFolder, writeSafetensors } from "../checkpoint/safetensors-builder.ts";
import { type TinyFamily, tinyCheckpoint } from "./tiny-checkpoint.ts";

const LLAMA: TinyFamily = { config: { model_type: "llama", rope_theta: 10_000 }, tokenizer: "pieces" };

async function refusal(model: string, options: Partial<ExportOptions> = {}): Promise<TiesmithError> {
  const out = join(temporaryFolder(), "model.gguf");
  try {
    await exportGguf(model, { out, ...options });
  } catch (error) {
    expect(existsSync(out) && options.out === undefined).toBe(false);
    expect(existsSync(`${out}.partial`)).toBe(false);
    if (error instanceof TiesmithError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function changed(folder: string, name: string, change: (content: Record<string, unknown>) => void): string {
  const content = JSON.parse(readFileSync(join(folder, name), "utf8"));
  change(content);
  writeFileSync(join(folder, name), JSON.stringify(content));
  return folder;
}

const config = (change: (content: Record<string, unknown>) => void) =>
  changed(tinyCheckpoint(LLAMA).folder, "config.json", change);

describe("an export refuses", () => {
  it.each([
    ["another architecture, by name", { model_type: "mamba" }, "MODEL_UNSUPPORTED", /found mamba/],
    ["another activation", { hidden_act: "relu" }, "MODEL_UNSUPPORTED", /activation silu .* found relu/],
    ["another rope scaling", { rope_scaling: { rope_type: "longrope" } }, "MODEL_UNSUPPORTED", /"longrope"/],
    [
      "a missing key of the config",
      { intermediate_size: undefined },
      "CHECKPOINT_INVALID",
      /intermediate_size .* none/,
    ],
    [
      "shapes that contradict the config",
      { num_key_value_heads: 4 },
      "CHECKPOINT_INVALID",
      /k_proj.* 64 × 64 .* 32 × 64/,
    ],
    ["more layers in the config than in the files", { num_hidden_layers: 3 }, "CHECKPOINT_INVALID", /blk\.2/],
    [
      "fewer layers in the config than in the files",
      { num_hidden_layers: 1 },
      "CHECKPOINT_INVALID",
      /blk\.1/,
    ],
  ])("%s", async (_, change, code, message) => {
    const error = await refusal(config((content) => Object.assign(content, change)));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("a tensor that the architecture has no place for", async () => {
    const { folder, weights } = tinyCheckpoint(LLAMA);
    const tensors = Object.fromEntries(
      [...weights].map(([name, { shape, values }]) => [name, f32(shape, [...values])]),
    );
    writeSafetensors(join(folder, "model.safetensors"), {
      ...tensors,
      "model.layers.0.mlp.router.weight": f32([1], [1]),
    });
    expect(await refusal(folder)).toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/router/),
    });
  });

  it("a folder without a tokenizer, and another kind of tokenizer", async () => {
    const { folder } = tinyCheckpoint(LLAMA);
    rmSync(join(folder, "tokenizer.model"));
    expect(await refusal(folder)).toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/neither/),
    });
    writeFileSync(
      join(folder, "tokenizer.json"),
      JSON.stringify({ model: { type: "WordPiece", vocab: {} } }),
    );
    expect(await refusal(folder)).toMatchObject({ message: expect.stringMatching(/"WordPiece"/) });
  });

  it("a byte-level tokenizer that cuts texts in a way of its own", async () => {
    const tokenizer = { pattern: "\\d+|\\D+", ignoreMerges: false };
    const { folder } = tinyCheckpoint({ ...LLAMA, tokenizer });
    expect(await refusal(folder)).toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/pre-tokenizer/),
    });
  });

  it("a tokenizer with more tokens than the embedding has rows", async () => {
    const { folder } = tinyCheckpoint(LLAMA);
    const added = Object.fromEntries([["<extra>", 5000]]);
    writeFileSync(join(folder, "added_tokens.json"), JSON.stringify(added));
    expect(await refusal(folder)).toMatchObject({
      code: "CHECKPOINT_INVALID",
      message: expect.stringMatching(/another model's/),
    });
  });

  it("values that f16 cannot hold, naming the tensor, and NaN in any type", async () => {
    const broken = (value: number) => {
      const { folder, weights } = tinyCheckpoint(LLAMA);
      const tensors = Object.fromEntries(
        [...weights].map(([name, { shape, values }]) => [name, f32(shape, [...values])]),
      );
      const up = weights.get("model.layers.1.mlp.up_proj.weight");
      const values = [...(up?.values ?? [])];
      values[70] = value;
      tensors["model.layers.1.mlp.up_proj.weight"] = f32(up?.shape ?? [], values);
      writeSafetensors(join(folder, "model.safetensors"), tensors);
      return folder;
    };
    expect(await refusal(broken(1e5), { type: "f16" })).toMatchObject({
      code: "OVERFLOW",
      details: { tensor: "model.layers.1.mlp.up_proj.weight", element: 70 },
    });
    expect(await refusal(broken(Number.NaN), { type: "q8_0" })).toMatchObject({ code: "NOT_FINITE" });
  });

  it("an unknown type, a file that is there, a folder that is not", async () => {
    const { folder } = tinyCheckpoint(LLAMA);
    const there = join(temporaryFolder(), "there.gguf");
    writeFileSync(there, "mine");
    expect(await refusal(folder, { type: "q8" as "q8_0" })).toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/q8_0\?/),
    });
    expect(await refusal(folder, { out: there })).toMatchObject({ code: "OUTPUT_EXISTS" });
    expect(readFileSync(there, "utf8")).toBe("mine");
    expect(await refusal(folder, { out: join(there, "..", "none", "x.gguf") })).toMatchObject({
      code: "OUTPUT_UNSAFE",
    });
  });

  it("to go on once it is interrupted, and leaves nothing behind", async () => {
    const { folder } = tinyCheckpoint(LLAMA);
    const controller = new AbortController();
    const out = join(temporaryFolder(), "model.gguf");
    const running = exportGguf(folder, {
      out,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(readdirSync(join(out, ".."))).toEqual([]);
  });
});
