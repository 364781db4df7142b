import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  codeFiles,
  compareVocabularies,
  generationFiles,
  tokenizerFiles,
  type Vocabulary,
  vocabularyOf,
} from "../../src/checkpoint/companion-files.ts";
import { refusal, temporaryFolder } from "./safetensors-builder.ts";

type Files = Record<string, string | Uint8Array | object>;

function folderOf(files: Files): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(
      join(folder, name),
      typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
  }
  return folder;
}

function vocabulary(files: Files): Vocabulary {
  const found = vocabularyOf(folderOf(files));
  if (found === null) throw new Error("no tokenizer found");
  return found;
}

const compare = (a: Files, b: Files) => compareVocabularies(vocabulary(a), vocabulary(b));
const bpe = (vocab: object, added: object[] = []): object => ({
  added_tokens: added,
  model: { type: "BPE", vocab },
});

/** A SentencePiece model: pieces with a score and a type, then a trainer setting that must be skipped. */
function sentencePieceModel(...pieces: string[]): Uint8Array {
  const field = (number: number, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, bytes.byteLength]), bytes]);
  const messages = pieces.map((piece) =>
    field(
      1,
      Buffer.concat([field(1, Buffer.from(piece)), Buffer.from([0x15, 0, 0, 0, 0]), Buffer.from([0x18, 1])]),
    ),
  );
  return Buffer.concat([...messages, field(2, Buffer.from("setting"))]);
}

it("tokenizer, generation and code files are those that exist, in order", () => {
  const files = [
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer.model.v3",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "qwen.tiktoken",
    "spiece.model",
  ];
  const folder = folderOf(
    Object.fromEntries(
      [
        ...files,
        "generation_config.json",
        "modeling_x.py",
        "config.json",
        "model.safetensors",
        "README.md",
      ].map((name) => [name, "{}"]),
    ),
  );
  expect(tokenizerFiles(folder)).toEqual(files.sort());
  expect(generationFiles(folder)).toEqual(["generation_config.json"]);
  expect(codeFiles(folder)).toEqual(["modeling_x.py"]);
  expect(tokenizerFiles(temporaryFolder())).toEqual([]);
});

it("a folder without tokenizer has no vocabulary", () => {
  expect(vocabularyOf(folderOf({ "tokenizer_config.json": {} }))).toBeNull();
});

describe("vocabularies are identical when", () => {
  it("the files are the same bytes, whatever their format", () => {
    expect(compare({ "qwen.tiktoken": "IQ== 0" }, { "qwen.tiktoken": "IQ== 0" }).identical).toBe(true);
  });
  it("tokenizer.json differs only in order and spacing", () => {
    expect(
      compare(
        { "tokenizer.json": '{"model":{"vocab":{"a":0,"b":1}}}' },
        { "tokenizer.json": '{"model": {"vocab": {"b": 1, "a": 0}}}' },
      ),
    ).toMatchObject({ identical: true, difference: null });
  });
  it("one folder repeats its special tokens in tokenizer_config.json", () => {
    const tokenizer = bpe({ a: 1 }, [{ id: 0, content: "<s>" }]);
    expect(
      compare(
        { "tokenizer.json": tokenizer },
        {
          "tokenizer.json": tokenizer,
          "tokenizer_config.json": { added_tokens_decoder: { 0: { content: "<s>" } } },
        },
      ).identical,
    ).toBe(true);
  });
  it("one folder holds tokenizer.json and the other the same as a SentencePiece model", () => {
    expect(
      compare(
        { "tokenizer.json": bpe({ "<s>": 0, "▁க": 1 }) },
        { "tokenizer.model": sentencePieceModel("<s>", "▁க") },
      ).identical,
    ).toBe(true);
  });
  it("a Unigram list has the tokens of a WordPiece file", () => {
    const unigram = {
      model: {
        type: "Unigram",
        vocab: [
          ["a", -1.5],
          ["b", -2],
        ],
      },
    };
    expect(compare({ "tokenizer.json": unigram }, { "vocab.txt": "a\nb\n" }).identical).toBe(true);
  });
});

describe("vocabularies differ when", () => {
  it("a token has another id", () => {
    const { identical, difference } = compare(
      { "tokenizer.json": bpe({ a: 0, b: 1 }) },
      { "tokenizer.json": bpe({ a: 0, b: 2 }) },
    );
    expect(identical).toBe(false);
    expect(difference).toMatch(/token "b" is 1 in .* and 2 in .* \(2 and 2 tokens\)/);
  });
  it.each([
    ["tokenizer.json", { "tokenizer.json": bpe({ a: 0 }, [{ id: 1, content: "<pad>" }]) }],
    ["added_tokens.json", { "tokenizer.json": bpe({ a: 0 }), "added_tokens.json": { "<pad>": 1 } }],
    [
      "tokenizer_config.json",
      {
        "tokenizer.json": bpe({ a: 0 }),
        "tokenizer_config.json": { added_tokens_decoder: { 1: { content: "<pad>" } } },
      },
    ],
  ])("%s of the second adds a token", (_, second) => {
    const { identical, difference } = compare({ "tokenizer.json": bpe({ a: 0 }) }, second);
    expect(identical).toBe(false);
    expect(difference).toMatch(/token "<pad>" is 1 in .* and absent in .* \(2 and 1 tokens\)/);
  });
  it("SentencePiece models hold other pieces", () => {
    expect(
      compare(
        { "tokenizer.model": sentencePieceModel("a", "b") },
        { "tokenizer.model": sentencePieceModel("a", "c") },
      ).difference,
    ).toContain('token "b" is 1');
  });
  it("the bytes differ in a format that is not understood", () => {
    expect(
      compare({ "tokenizer.model": "IQ== 0\n" }, { "tokenizer.model": "Ig== 0\n" }).difference,
    ).toContain("cannot be compared token by token");
  });
});

it("chat templates are compared apart from vocabularies, wherever they stand", () => {
  const tokenizer = { "tokenizer.json": bpe({ a: 0 }) };
  const inConfig = { ...tokenizer, "tokenizer_config.json": { chat_template: "A" } };
  expect(compare(inConfig, { ...tokenizer, "chat_template.jinja": "A" })).toMatchObject({
    identical: true,
    chatTemplateDiffers: false,
  });
  expect(
    compare(inConfig, { ...tokenizer, "chat_template.json": { chat_template: "A" } }).chatTemplateDiffers,
  ).toBe(false);
  expect(compare(inConfig, { ...inConfig, "chat_template.jinja": "B" })).toMatchObject({
    identical: true,
    chatTemplateDiffers: true,
  });
  expect(compare(inConfig, tokenizer).chatTemplateDiffers).toBe(true);
});

it("a broken tokenizer.json is refused by its path once it must be parsed", () => {
  const error = refusal(() => compare({ "tokenizer.json": "{" }, { "tokenizer.json": "{}" }));
  expect(error.code).toBe("CHECKPOINT_INVALID");
  expect(error.message).toContain("tokenizer.json");
});
