/** A byte-level BPE from tokenizer.json as a GGUF vocabulary. */
import { isJsonObject, type JsonObject } from "../checkpoint/json-file.ts";
import { PIECE_TYPE } from "../checkpoint/sentencepiece.ts";
import { shown } from "../checkpoint/wording.ts";
import { TiesmithError } from "../errors.ts";
import { text } from "./metadata.ts";
import type { GgufVocabulary } from "./tokenizer.ts";

/**
 * How llama.cpp names the ways to cut a text before merging (`tokenizer.ggml.pre`), by the regular expression of
 * tokenizer.json. Those of which `ignoreMerges` holds take a word that is in the vocabulary as it is.
 */
const PRE_TOKENIZERS: readonly { pattern: string | null; pre: string; ignoreMerges: boolean }[] = [
  { pattern: null, pre: "gpt-2", ignoreMerges: false },
  {
    pattern:
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    pre: "llama-bpe",
    ignoreMerges: true,
  },
  {
    pattern:
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    pre: "qwen2",
    ignoreMerges: false,
  },
  {
    pattern:
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    pre: "tekken",
    ignoreMerges: true,
  },
];

/** @throws {TiesmithError} `MODEL_UNSUPPORTED` naming the kind of tokenizer, or its regular expression */
export function byteLevelVocabulary(json: JsonObject, folder: string): GgufVocabulary {
  const model = isJsonObject(json.model) ? json.model : {};
  const kind = model.type ?? (model.merges === undefined ? "none" : "BPE");
  if (kind !== "BPE" || !isJsonObject(model.vocab) || !Array.isArray(model.merges))
    throw unsupported(folder, `a byte-level BPE, but found ${shown(kind)}`);
  const steps = preTokenizerSteps(json.pre_tokenizer);
  if (!steps.some(({ type }) => type === "ByteLevel"))
    throw unsupported(
      folder,
      "a byte-level BPE, but found a BPE over characters; put its tokenizer.model beside it",
    );
  const pre = preTokenizerName(steps, model.ignore_merges === true, folder);
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id as number] = token;
  return {
    model: "gpt2",
    tokens,
    types: tokens.map(() => PIECE_TYPE.normal),
    scores: null,
    keys: [
      ["pre", text(pre)],
      ["merges", { type: "strings", value: model.merges.map(mergeText) }],
    ],
  };
}

/** `["a", "b"]` in newer files, `"a b"` in older ones; GGUF has the latter. */
function mergeText(merge: unknown): string {
  return Array.isArray(merge) ? merge.join(" ") : String(merge);
}

function preTokenizerSteps(preTokenizer: unknown): JsonObject[] {
  if (!isJsonObject(preTokenizer)) return [];
  if (!Array.isArray(preTokenizer.pretokenizers)) return [preTokenizer];
  return preTokenizer.pretokenizers.filter(isJsonObject);
}

function preTokenizerName(steps: readonly JsonObject[], ignoresMerges: boolean, folder: string): string {
  const patterns = steps
    .filter(({ type }) => type === "Split")
    .map(({ pattern }) => (isJsonObject(pattern) ? String(pattern.Regex ?? pattern.String) : ""));
  const byteLevel = steps.find(({ type }) => type === "ByteLevel");
  const isPlain = patterns.length === 0 && byteLevel?.use_regex !== false;
  const known = PRE_TOKENIZERS.find(({ pattern }) =>
    pattern === null ? isPlain : patterns.length === 1 && patterns[0] === pattern,
  );
  const isFitting = known !== undefined && known.ignoreMerges === ignoresMerges;
  if (isFitting && byteLevel?.add_prefix_space !== true) return known.pre;
  const found = `pre-tokenizer ${shown(patterns)}, ignore_merges ${ignoresMerges}, add_prefix_space ${byteLevel?.add_prefix_space === true}`;
  throw unsupported(folder, `the cutting of GPT-2, Llama 3, Qwen 2 or Mistral's Tekken, but found ${found}`);
}

function unsupported(folder: string, what: string): TiesmithError {
  return new TiesmithError(
    "MODEL_UNSUPPORTED",
    `Expected the tokenizer in ${folder}/tokenizer.json to be ${what}`,
    {
      folder,
    },
  );
}
