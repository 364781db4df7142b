/** Texts and tokens of a llama.cpp model: what lm-evaluation-harness would encode, and the bytes of tokens. */
import type { LlamaModel, Token } from "node-llama-cpp";

/** A context and a continuation as tokens; `start` is the first of the continuation. */
export interface EncodedPair {
  readonly tokens: readonly Token[];
  readonly start: number;
}

const BYTE_TOKEN = /^<0x([0-9A-F]{2})>$/;
/** GGUF's token types: control and unused tokens stand for no text. */
const SILENT_TYPES = new Set([3, 5]);
const BYTE_TYPE = 6;

export class LlamaText {
  readonly #model: LlamaModel;
  readonly #start: readonly Token[];
  readonly #normalization: string | null;

  constructor(model: LlamaModel) {
    this.#model = model;
    const { bos, shouldPrependBosToken } = model.tokens;
    this.#start = shouldPrependBosToken && bos !== null ? [bos] : [];
    const { tiesmith } = model.fileInfo.metadata as { tiesmith?: { normalization?: string } };
    this.#normalization = tiesmith?.normalization ?? null;
  }

  /** With the model's start token. llama.cpp does not normalise, so that texts are normalised here. */
  encode(text: string): Token[] {
    const normal = this.#normalization === null ? text : text.normalize(this.#normalization);
    return [...this.#start, ...this.#model.tokenize(normal, false)];
  }

  /**
   * Spaces at the end of the context go to the continuation, both are encoded together, and cut at the length of
   * the encoded context.
   */
  encodePair(context: string, continuation: string): EncodedPair {
    const bare = context.replace(/\s+$/u, "");
    const spaces = context.slice(bare.length);
    const tokens = this.encode(bare + spaces + continuation);
    // A continuation that merges with the context's last token keeps at least that one.
    const start = Math.min(this.encode(bare).length, tokens.length - 1);
    return { tokens, start: Math.max(1, start) };
  }

  /** The bytes that a token stands for: detokenising would replace those that are no UTF-8. */
  bytesOf(token: Token): Uint8Array {
    const { tokens = [], token_type: types, model } = this.#vocabulary();
    const text = tokens[token] ?? "";
    const type = types?.[token];
    if (type !== undefined && SILENT_TYPES.has(type)) return new Uint8Array();
    if (model === "gpt2") return bytesOfByteLevel(text);
    const [, byte] = type === BYTE_TYPE ? (BYTE_TOKEN.exec(text) ?? []) : [];
    return byte === undefined
      ? Buffer.from(text.replaceAll("▁", " "), "utf8")
      : Uint8Array.of(Number.parseInt(byte, 16));
  }

  #vocabulary(): { model?: string; tokens?: readonly string[]; token_type?: readonly number[] } {
    const { tokenizer } = this.#model.fileInfo.metadata as { tokenizer?: { ggml?: object } };
    return tokenizer?.ggml ?? {};
  }
}

/** Characters of byte-level vocabularies → bytes: printable Latin-1 stands for itself, the rest from U+0100 on (GPT-2). */
const BYTE_LEVEL = new Map<string, number>();
for (let byte = 0, moved = 0; byte < 256; byte++) {
  const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  BYTE_LEVEL.set(String.fromCodePoint(isPrintable ? byte : 256 + moved++), byte);
}

function bytesOfByteLevel(text: string): Uint8Array {
  const bytes = [...text].map((character) => BYTE_LEVEL.get(character));
  // Added tokens are written as they are.
  return bytes.includes(undefined) ? Buffer.from(text, "utf8") : Uint8Array.from(bytes as number[]);
}
