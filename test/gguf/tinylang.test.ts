/** The small trained models: what PyTorch computed of them comes out of llama.cpp through our files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gguf } from "@huggingface/gguf";
import { describe, expect, it } from "vitest";
import type { GenerateAnswer, ModelRequest, RankAnswer } from "../../src/evaluate/backend.ts";
import { loadLlamaModel, loadLlamaPackage, openLlama } from "../../src/evaluate/llama-package.ts";
import { LlamaText } from "../../src/evaluate/llama-text.ts";
import { exportGguf } from "../../src/gguf/export-gguf.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { answersOf, openModel } from "./llama-cpp.ts";
import { TINYLANG } from "./tiny-checkpoint.ts";

interface Recorded {
  readonly model: string;
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly choices?: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly loglikelihood: number;
  }[];
  readonly greedy_ids: readonly number[];
}

const recorded: Recorded[] = JSON.parse(readFileSync(join(TINYLANG, "loglik.json"), "utf8"));
const models = [...new Set(recorded.map(({ model }) => model))];

describe.each(models)("%s", (name) => {
  const folder = join(TINYLANG, "models", name);
  const own = recorded.filter(({ model }) => model === name);

  it("has the token ids, log-likelihoods, best choices and greedy continuations of transformers", async () => {
    const session = await openModel(folder);
    const ranked = own.filter(({ choices }) => choices !== undefined);
    const rank = ranked.map(({ prompt, choices = [] }): ModelRequest => {
      return { kind: "rank", context: prompt, choices: choices.map(({ text }) => text) };
    });
    const generate = own.map(({ prompt, greedy_ids }): ModelRequest => {
      return { kind: "generate", context: prompt, stop: [], maxTokens: greedy_ids.length };
    });
    const answers = await answersOf(session, [...rank, ...generate]);
    await session.close();
    let worst = 0;
    for (const [i, { choices = [] }] of ranked.entries()) {
      const found = (answers[i] as RankAnswer).logLikelihoods as number[];
      const expected = choices.map(({ loglikelihood }) => loglikelihood);
      for (const [c, value] of found.entries())
        worst = Math.max(worst, Math.abs(value - (expected[c] as number)));
      expect(found.indexOf(Math.max(...found))).toBe(expected.indexOf(Math.max(...expected)));
    }
    expect(worst).toBeLessThan(5e-4);
    const bytes = await bytesOfTokens(
      folder,
      own.map(({ greedy_ids }) => greedy_ids),
    );
    const greedy = answers.slice(rank.length).map((answer) => (answer as GenerateAnswer).bytes);
    expect(greedy).toEqual(bytes);
  });

  it("splits every prompt into the same tokens", async () => {
    await withText(folder, (text) => {
      for (const { prompt, prompt_ids } of own) expect(text.encode(prompt)).toEqual(prompt_ids);
    });
  });
});

describe("the file, read by another reader", () => {
  it.each(["f32", "f16", "bf16", "q8_0"] as const)("has the keys, shapes and types of %s", async (type) => {
    const out = join(temporaryFolder(), "model.gguf");
    const result = await exportGguf(join(TINYLANG, "models/ct-x"), { out, type });
    const { metadata, tensorInfos } = await gguf(out, { allowLocalFile: true });
    expect(metadata).toMatchObject({
      version: 3,
      "general.architecture": "llama",
      "llama.block_count": 4,
      "llama.context_length": 256,
      "llama.embedding_length": 128,
      "llama.feed_forward_length": 352,
      "llama.attention.head_count": 4,
      "llama.attention.head_count_kv": 2,
      "llama.rope.freq_base": 10000,
      "llama.vocab_size": 960,
      "tokenizer.ggml.model": "llama",
      "tokenizer.ggml.bos_token_id": 1,
      "tokenizer.ggml.eos_token_id": 2,
      "tokenizer.ggml.add_bos_token": true,
      "tokenizer.ggml.add_space_prefix": true,
    });
    expect((metadata as unknown as Record<string, string[]>)["tokenizer.ggml.tokens"]?.length).toBe(960);
    expect(tensorInfos.length).toBe(result.tensorCount);
    const number = { f32: 0, f16: 1, bf16: 30, q8_0: 8 }[type];
    const byName = new Map(tensorInfos.map((info) => [info.name, info]));
    expect(byName.get("blk.3.ffn_down.weight")).toMatchObject({ shape: [352n, 128n], dtype: number });
    expect(byName.get("blk.0.attn_k.weight")).toMatchObject({ shape: [128n, 64n], dtype: number });
    expect(byName.get("output_norm.weight")).toMatchObject({ shape: [128n], dtype: 0 });
  });
});

/** What the recorded ids stand for, by the pieces of the tokenizer itself. */
async function bytesOfTokens(folder: string, lists: readonly (readonly number[])[]): Promise<string[]> {
  const { model } = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"));
  const pieces = new Map(
    Object.entries(model.vocab as Record<string, number>).map(([piece, id]) => [id, piece]),
  );
  return lists.map((ids) => {
    const end = ids.indexOf(2);
    const parts = (end < 0 ? ids : ids.slice(0, end)).map((id) => {
      const [, byte] = /^<0x(..)>$/.exec(pieces.get(id) as string) ?? [];
      return byte === undefined
        ? Buffer.from((pieces.get(id) as string).replaceAll("▁", " "))
        : Buffer.from(byte, "hex");
    });
    return Buffer.concat(parts).toString("base64");
  });
}

async function withText(folder: string, run: (text: LlamaText) => void): Promise<void> {
  const out = join(temporaryFolder(), "model.gguf");
  await exportGguf(folder, { out, type: "bf16" });
  const llama = await openLlama(await loadLlamaPackage());
  run(new LlamaText(await loadLlamaModel(llama, out)));
  await llama.dispose();
}
