/** Every family that can be written as GGUF computes in llama.cpp what an independent forward pass computes. */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RankAnswer } from "../../src/evaluate/backend.ts";
import { loadLlamaModel, loadLlamaPackage, openLlama } from "../../src/evaluate/llama-package.ts";
import { LlamaText } from "../../src/evaluate/llama-text.ts";
import { exportGguf } from "../../src/gguf/export-gguf.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { answersOf, openModel } from "./llama-cpp.ts";
import { referenceLogProbabilities } from "./reference-forward.ts";
import { byteLevelId, type TinyFamily, tinyCheckpoint } from "./tiny-checkpoint.ts";
import { FAMILIES, LLAMA3_PATTERN, QWEN2_PATTERN } from "./tiny-families.ts";

/** Long enough for windows and slow frequencies to matter. */
const CONTEXT = "the old flute records the concert and the band 1234";
const CHOICES = [" the", " and the coin", " 12", "ᐁ"];

let llama: ReturnType<typeof openLlama> | undefined;
afterAll(async () => (await llama)?.dispose());

async function tokensOf(folder: string, texts: readonly string[]): Promise<number[][]> {
  const out = join(temporaryFolder(), "tokens.gguf");
  await exportGguf(folder, { out, type: "f32" });
  llama ??= openLlama(await loadLlamaPackage());
  const model = await loadLlamaModel(await llama, out);
  const text = new LlamaText(model);
  const tokens = texts.map((one) => text.encode(one).map(Number));
  await model.dispose();
  return tokens;
}

describe.each(Object.entries(FAMILIES))("%s", (_, family) => {
  it("gives the log-likelihoods of an independent forward pass", { timeout: 60_000 }, async () => {
    const tiny = tinyCheckpoint(family);
    const [context = [], ...wholes] = await tokensOf(tiny.folder, [
      CONTEXT,
      ...CHOICES.map((choice) => CONTEXT + choice),
    ]);
    const session = await openModel(tiny.folder);
    const [answer] = (await answersOf(session, [{ kind: "rank", context: CONTEXT, choices: CHOICES }])) as [
      RankAnswer,
    ];
    await session.close();
    for (const [i, tokens] of wholes.entries()) {
      const logs = referenceLogProbabilities(tiny, tokens);
      let expected = 0;
      for (let at = context.length; at < tokens.length; at++)
        expected += (logs[at - 1] as number[])[tokens[at] as number] as number;
      expect(Math.abs((answer.logLikelihoods[i] as number) - expected)).toBeLessThan(1e-3);
      expect(expected).toBeLessThan(-0.5);
    }
  });
});

describe("byte-level tokenizers", () => {
  const id = byteLevelId;
  const gpt2 = { pattern: null, ignoreMerges: false };
  const expected: [string, TinyFamily["tokenizer"], (number | readonly number[])[]][] = [
    // GPT-2 keeps digits together, Llama 3 takes three at a time, Qwen 2 one.
    ["GPT-2", gpt2, [id("<s>"), id("the"), id("Ġand"), id("Ġ"), id("1234")]],
    [
      "Llama 3",
      { pattern: LLAMA3_PATTERN, ignoreMerges: true },
      [id("<s>"), id("the"), id("Ġand"), id("Ġ"), id("123"), id("4")],
    ],
    [
      "Qwen 2",
      { pattern: QWEN2_PATTERN, ignoreMerges: false },
      [id("<s>"), id("the"), id("Ġand"), id("Ġ"), id("1"), id("2"), id("3"), id("4")],
    ],
  ];

  it.each(expected)("of %s cut digits as theirs do", async (_, tokenizer, tokens) => {
    const { folder } = tinyCheckpoint({ config: { model_type: "llama", rope_theta: 10_000 }, tokenizer });
    expect(await tokensOf(folder, ["the and 1234"])).toEqual([tokens]);
  });

  it("of which one normalises to NFC see normalised text", async () => {
    const tokenizer = { pattern: QWEN2_PATTERN, ignoreMerges: false, normalizer: "NFC" };
    const { folder } = tinyCheckpoint({ config: { model_type: "qwen2", rope_theta: 1e6 }, tokenizer });
    // U+09DF is excluded from composition: its normal form is two characters.
    const [composed, decomposed] = await tokensOf(folder, ["\u09df", "\u09af\u09bc"]);
    expect(composed).toEqual(decomposed);
    expect(composed).toHaveLength(1 + 6);
  });
});
