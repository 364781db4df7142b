/** Which token has which id: what must agree before rows of two embeddings can be merged. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  readFileIfPresent,
  readJsonObject,
} from "./json-file.ts";
import { sentencePieces } from "./sentencepiece.ts";
import { quoted } from "./wording.ts";

/** The vocabulary of a model folder, parsed only when it is asked for. */
export interface Vocabulary {
  readonly folder: string;
  /** The file that it comes from. */
  readonly source: string;
  /** SHA-256 of that file and of the tokens added to it: equal digests are equal vocabularies. */
  readonly digest: string;
  /** Token to id, added tokens included; null if the file's format is not understood. */
  readonly tokens: () => ReadonlyMap<string, number> | null;
  /** The chat template, or null if there is none. */
  readonly chatTemplate: string | null;
}

/** How two vocabularies compare. */
export interface VocabularyComparison {
  readonly identical: boolean;
  /** The first difference, or null if they are identical. */
  readonly difference: string | null;
  readonly chatTemplateDiffers: boolean;
}

type Reader = (bytes: Uint8Array, path: string) => Iterable<readonly [string, number]> | null;

/** The files that define a vocabulary, the most complete first. */
const SOURCES: readonly (readonly [string, Reader])[] = [
  ["tokenizer.json", readTokenizerJson],
  [
    "vocab.json",
    (bytes, path) => idsOf(parseJsonObject(bytes, path, { what: "a vocabulary", uniqueDepth: 0 })),
  ],
  ["tokenizer.model", (bytes) => numbered(sentencePieces(bytes))],
  ["spiece.model", (bytes) => numbered(sentencePieces(bytes))],
  ["sentencepiece.bpe.model", (bytes) => numbered(sentencePieces(bytes))],
  ["vocab.txt", (bytes) => numbered(new TextDecoder().decode(bytes).trimEnd().split(/\r?\n/))],
  ["tekken.json", () => null],
  ["qwen.tiktoken", () => null],
];

/**
 * The vocabulary of a model folder, or null if it holds no tokenizer.
 *
 * @throws CHECKPOINT_INVALID if a tokenizer file is broken; NO_PERMISSION
 */
export function vocabularyOf(folder: string): Vocabulary | null {
  for (const [source, read] of SOURCES) {
    const path = join(folder, source);
    const bytes = readFileIfPresent(path);
    if (bytes === null) continue;
    const settings =
      readJsonObject(join(folder, "tokenizer_config.json"), { what: "a config", uniqueDepth: 0 }) ?? {};
    const added = addedTokens(folder, settings);
    const tokens = (): ReadonlyMap<string, number> | null => {
      const own = read(bytes, path);
      return own === null ? null : new Map([...own, ...added]);
    };
    const digest = createHash("sha256")
      .update(bytes)
      .update(JSON.stringify([...added].sort()))
      .digest("hex");
    return { folder, source, digest, tokens, chatTemplate: readChatTemplate(folder, settings) };
  }
  return null;
}

/**
 * Whether two vocabularies give every token the same id, and whether the chat templates differ. Tokenizer files
 * are parsed only if their bytes differ; formats that are not understood count as different unless their bytes
 * agree.
 *
 * @throws CHECKPOINT_INVALID if a tokenizer file must be parsed and is broken
 */
export function compareVocabularies(a: Vocabulary, b: Vocabulary): VocabularyComparison {
  const isSameFile = a.source === b.source && a.digest === b.digest;
  const difference = isSameFile ? null : firstDifference(a, b);
  return {
    identical: difference === null,
    difference,
    chatTemplateDiffers: a.chatTemplate !== b.chatTemplate,
  };
}

function firstDifference(a: Vocabulary, b: Vocabulary): string | null {
  const [tokensA, tokensB] = [a.tokens(), b.tokens()];
  if (tokensA === null || tokensB === null) {
    return `${join(a.folder, a.source)} and ${join(b.folder, b.source)} differ and cannot be compared token by token`;
  }
  for (const [first, second, one, other] of [
    [a, b, tokensA, tokensB],
    [b, a, tokensB, tokensA],
  ] as const) {
    for (const [token, id] of one) {
      const otherId = other.get(token);
      if (otherId === id) continue;
      const there = otherId === undefined ? "absent" : `${otherId}`;
      return `token ${quoted(token)} is ${id} in ${first.folder} and ${there} in ${second.folder} (${one.size} and ${other.size} tokens)`;
    }
  }
  return null;
}

function readTokenizerJson(bytes: Uint8Array, path: string): Iterable<readonly [string, number]> | null {
  const tokenizer = parseJsonObject(bytes, path, { what: "a tokenizer", uniqueDepth: 0 });
  const vocab = isJsonObject(tokenizer.model) ? tokenizer.model.vocab : undefined;
  const added = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  // Unigram models list [token, score] in the order of the ids, the others map tokens to ids.
  const own = Array.isArray(vocab)
    ? vocab.map((entry, id) => [Array.isArray(entry) ? String(entry[0]) : String(entry), id] as const)
    : isJsonObject(vocab)
      ? idsOf(vocab)
      : null;
  if (own === null) return null;
  return [...own, ...added.filter(isAddedToken).map(({ content, id }) => [content, id] as const)];
}

/** The tokens that files beside the vocabulary add to it. */
function addedTokens(folder: string, settings: JsonObject): ReadonlyMap<string, number> {
  const file =
    readJsonObject(join(folder, "added_tokens.json"), { what: "added tokens", uniqueDepth: 0 }) ?? {};
  const decoder = isJsonObject(settings.added_tokens_decoder) ? settings.added_tokens_decoder : {};
  const decoded = Object.entries(decoder)
    .map(([id, token]) => ({ ...(isJsonObject(token) ? token : {}), id: Number(id) }))
    .filter(isAddedToken);
  return new Map([...idsOf(file), ...decoded.map(({ content, id }) => [content, id] as const)]);
}

function isAddedToken(value: unknown): value is { content: string; id: number } {
  return isJsonObject(value) && typeof value.content === "string" && Number.isSafeInteger(value.id);
}

function idsOf(object: JsonObject): (readonly [string, number])[] {
  return Object.entries(object).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]));
}

function numbered(tokens: readonly string[] | null): (readonly [string, number])[] | null {
  return tokens?.map((token, id) => [token, id] as const) ?? null;
}

/** transformers prefers the file of its own to the tokenizer's config. */
function readChatTemplate(folder: string, settings: JsonObject): string | null {
  const jinja = readFileIfPresent(join(folder, "chat_template.jinja"));
  if (jinja !== null) return new TextDecoder().decode(jinja);
  const json = readJsonObject(join(folder, "chat_template.json"), {
    what: "a chat template",
    uniqueDepth: 0,
  });
  const template = json?.chat_template ?? settings.chat_template;
  if (template === undefined || template === null) return null;
  return typeof template === "string" ? template : JSON.stringify(template);
}
