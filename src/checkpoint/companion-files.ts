/** The small files that travel with a model: tokenizer, chat template, generation settings, code. */

import { readdirSync } from "node:fs";
import { systemError } from "./system-error.ts";

export {
  compareVocabularies,
  type Vocabulary,
  type VocabularyComparison,
  vocabularyOf,
} from "./vocabulary.ts";

const TOKENIZER_FILES = new Set([
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "vocab.json",
  "vocab.txt",
  "merges.txt",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "chat_template.json",
  "spiece.model",
  "sentencepiece.bpe.model",
  "tekken.json",
  "preprocessor_config.json",
  "processor_config.json",
]);

// Qwen's ranks, Mistral's versioned models.
const TOKENIZER_PATTERN = /\.tiktoken$|^tokenizer\.model\.v\d+/;

/**
 * The names of the files of a model folder that turn text into tokens, chat templates included, in byte order.
 *
 * @throws NO_PERMISSION, MODEL_NOT_FOUND
 */
export function tokenizerFiles(folder: string): string[] {
  return namesIn(folder).filter((name) => TOKENIZER_FILES.has(name) || TOKENIZER_PATTERN.test(name));
}

/**
 * The names of the files of a model folder that say how to generate text.
 *
 * @throws NO_PERMISSION, MODEL_NOT_FOUND
 */
export function generationFiles(folder: string): string[] {
  return namesIn(folder).filter((name) => name === "generation_config.json");
}

/**
 * The names of the Python files that a config's `auto_map` can refer to: without them such a model cannot be
 * loaded.
 *
 * @throws NO_PERMISSION, MODEL_NOT_FOUND
 */
export function codeFiles(folder: string): string[] {
  return namesIn(folder).filter((name) => name.endsWith(".py"));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    throw systemError(error, folder, "a model folder", "MODEL_NOT_FOUND");
  }
}
