/** The tokenizer of a model folder as GGUF metadata. */
import { join } from "node:path";
import { isJsonObject, type JsonObject, readFileIfPresent, readJsonObject } from "../checkpoint/json-file.ts";
import { PIECE_TYPE, readSentencePieceModel } from "../checkpoint/sentencepiece.ts";
import { vocabularyOf } from "../checkpoint/vocabulary.ts";
import { TiesmithError } from "../errors.ts";
import { byteLevelVocabulary } from "./byte-level-vocabulary.ts";
import { bool, type GgufValue, text, uint32 } from "./metadata.ts";
import { pieceVocabulary } from "./piece-vocabulary.ts";
import { addedTokensOf, specialIds } from "./special-tokens.ts";

/** A vocabulary in GGUF's terms: one entry an id. */
export interface GgufVocabulary {
  /** `tokenizer.ggml.model`: SentencePiece's BPE, or byte-level BPE. */
  readonly model: "llama" | "gpt2";
  readonly tokens: string[];
  readonly types: number[];
  readonly scores: number[] | null;
  /** Keys of this kind of vocabulary, prefix `tokenizer.ggml.` left out. */
  readonly keys: readonly (readonly [string, GgufValue])[];
}

/**
 * The `tokenizer.*` keys of a model, padded to the rows of its embedding. `config` is its config.json, which may tell
 * the ids of special tokens; the tokenizer's own files come from `folder`.
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` naming a tokenizer of another kind; `CHECKPOINT_INVALID` if the
 * files disagree, or there are more tokens than rows
 */
export function tokenizerKeys(folder: string, rowCount: number, config: JsonObject): [string, GgufValue][] {
  const settings =
    readJsonObject(join(folder, "tokenizer_config.json"), { what: "a config", uniqueDepth: 0 }) ?? {};
  const json = readJsonObject(join(folder, "tokenizer.json"), { what: "a tokenizer", uniqueDepth: 0 });
  const vocabulary = ownVocabulary(folder, json);
  for (const { id, content, special } of addedTokensOf(folder, settings, json)) {
    if (vocabulary.types[id] === PIECE_TYPE.byte) continue;
    vocabulary.tokens[id] = content;
    vocabulary.types[id] = special ? PIECE_TYPE.control : PIECE_TYPE.userDefined;
    // Below every piece, so that SentencePiece never merges into it; llama.cpp finds it before it splits the text.
    if (vocabulary.scores !== null) vocabulary.scores[id] ??= -1000;
  }
  pad(vocabulary, rowCount, folder);
  const { ids, addsBos, addsEos } = specialIds(folder, { settings, json, config }, vocabulary.tokens);
  const template = vocabularyOf(folder)?.chatTemplate;
  const normalization = normalizationOf(json);
  return [
    ["tokenizer.ggml.model", text(vocabulary.model)],
    ...vocabulary.keys.map(([key, value]): [string, GgufValue] => [`tokenizer.ggml.${key}`, value]),
    ["tokenizer.ggml.tokens", { type: "strings", value: vocabulary.tokens }],
    ...(vocabulary.scores === null
      ? []
      : [["tokenizer.ggml.scores", { type: "float32s", value: vocabulary.scores }] as [string, GgufValue]]),
    ["tokenizer.ggml.token_type", { type: "int32s", value: vocabulary.types }],
    ...[...ids].map(([name, id]): [string, GgufValue] => [`tokenizer.ggml.${name}_token_id`, uint32(id)]),
    ["tokenizer.ggml.add_bos_token", bool(addsBos)],
    ["tokenizer.ggml.add_eos_token", bool(addsEos)],
    ...(template == null ? [] : [["tokenizer.chat_template", text(template)] as [string, GgufValue]]),
    // llama.cpp does not normalise: whoever uses the file must.
    ...(normalization === null
      ? []
      : [["tiesmith.normalization", text(normalization)] as [string, GgufValue]]),
  ];
}

function ownVocabulary(folder: string, json: JsonObject | null): GgufVocabulary {
  const bytes = readFileIfPresent(join(folder, "tokenizer.model"));
  const pieces = bytes === null ? null : readSentencePieceModel(bytes);
  if (pieces !== null) return pieceVocabulary(pieces, folder, json);
  if (json !== null) return byteLevelVocabulary(json, folder);
  throw new TiesmithError(
    "MODEL_UNSUPPORTED",
    `Expected a tokenizer.model or a tokenizer.json in ${folder}, but found neither that can be read; copy the tokenizer files of the base there`,
    { folder },
  );
}

/** Embeddings often have more rows than there are tokens. */
function pad({ tokens, types, scores }: GgufVocabulary, rowCount: number, folder: string): void {
  if (tokens.length > rowCount)
    throw new TiesmithError(
      "CHECKPOINT_INVALID",
      `Expected at most ${rowCount} tokens in ${folder}, one for each row of the embedding, but found ${tokens.length}: the tokenizer is another model's`,
      { folder, tokenCount: tokens.length, rowCount },
    );
  for (let id = 0; id < rowCount; id++) {
    if (tokens[id] !== undefined) continue;
    tokens[id] = `[PAD${id}]`;
    types[id] = PIECE_TYPE.unused;
    if (scores !== null) scores[id] = -10_000;
  }
}

const NORMAL_FORMS = new Set(["NFC", "NFD", "NFKC", "NFKD"]);

/** The Unicode normal form that tokenizer.json asks for. */
function normalizationOf(json: JsonObject | null): string | null {
  const normalizer = json?.normalizer;
  if (!isJsonObject(normalizer)) return null;
  const list = Array.isArray(normalizer.normalizers)
    ? normalizer.normalizers.filter(isJsonObject)
    : [normalizer];
  const form = list.map(({ type }) => type).find((type) => NORMAL_FORMS.has(String(type)));
  return form === undefined ? null : String(form);
}
