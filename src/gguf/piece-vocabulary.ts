/** A SentencePiece model as a GGUF vocabulary. */
import { isJsonObject, type JsonObject } from "../checkpoint/json-file.ts";
import type { SentencePieceModel } from "../checkpoint/sentencepiece.ts";
import { quoted } from "../checkpoint/wording.ts";
import { TiesmithError } from "../errors.ts";
import { bool } from "./metadata.ts";
import type { GgufVocabulary } from "./tokenizer.ts";

const BPE = 2;

/**
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` for unigram and other algorithms; `CHECKPOINT_INVALID` if
 * tokenizer.json gives a piece another id
 */
export function pieceVocabulary(
  { pieces, algorithm, addsDummyPrefix }: SentencePieceModel,
  folder: string,
  json: JsonObject | null,
): GgufVocabulary {
  if (algorithm !== BPE)
    throw new TiesmithError(
      "MODEL_UNSUPPORTED",
      `Expected a SentencePiece model of type BPE in ${folder}/tokenizer.model, but found ${algorithm === 1 ? "unigram" : `type ${algorithm}`}, which llama.cpp reads for other architectures only`,
      { folder, algorithm },
    );
  const ids = isJsonObject(json?.model) && isJsonObject(json.model.vocab) ? json.model.vocab : {};
  for (const [id, { text }] of pieces.entries()) {
    if (!Object.hasOwn(ids, text) || ids[text] === id) continue;
    throw new TiesmithError(
      "CHECKPOINT_INVALID",
      `Expected token ${quoted(text)} to have one id in ${folder}, but tokenizer.model says ${id} and tokenizer.json ${String(ids[text])}`,
      { folder, token: text },
    );
  }
  return {
    model: "llama",
    tokens: pieces.map(({ text }) => text),
    types: pieces.map(({ type }) => type),
    scores: pieces.map(({ score }) => score),
    keys: [["add_space_prefix", bool(addsDummyPrefix)]],
  };
}
