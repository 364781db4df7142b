/** A GGUF model open in llama.cpp, answering requests in several sequences at once. */
import type { LlamaContext, LlamaModel, Token } from "node-llama-cpp";
import { messageOf, TiesmithError } from "../errors.ts";
import type { ModelAnswer, ModelRequest, ModelSession, RankRequest, Usage } from "./backend.ts";
import { compareTokens, LlamaSequence } from "./llama-sequence.ts";
import { type EncodedPair, LlamaText } from "./llama-text.ts";

/** What changes answers or speed. */
export interface LlamaSettings {
  readonly keyValueType: "F32" | "F16";
  readonly flashAttention: boolean;
  readonly sequences: number;
  readonly threads: number;
}

/** Tokens of one batch over all sequences. */
const BATCH_TOKENS = 512;

type Encoded =
  | { readonly index: number; readonly pairs: readonly EncodedPair[] }
  | {
      readonly index: number;
      readonly prompt: readonly Token[];
      readonly request: Extract<ModelRequest, { kind: "generate" }>;
    };

export class LlamaSession implements ModelSession {
  readonly usage: Usage = { evaluatedTokens: 0, requestedTokens: 0 };
  readonly #model: LlamaModel;
  readonly #text: LlamaText;
  readonly #options: LlamaSettings;
  readonly #closed: () => Promise<void>;

  constructor(model: LlamaModel, options: LlamaSettings, closed: () => Promise<void>) {
    this.#model = model;
    this.#text = new LlamaText(model);
    this.#options = options;
    this.#closed = closed;
  }

  check(requests: readonly ModelRequest[]): void {
    this.#contextSize(requests.map((request, index) => this.#encode(request, index)));
  }

  async run(
    requests: readonly ModelRequest[],
    answered: (index: number, answer: ModelAnswer) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const encoded = requests.map((request, index) => this.#encode(request, index));
    // In this order neighbours share the longest prefixes, few-shot examples first of all.
    const queue = [...encoded].sort((a, b) => compareTokens(tokensOf(a), tokensOf(b)));
    const context = await this.#openContext(
      this.#contextSize(encoded),
      Math.min(this.#options.sequences, queue.length),
    );
    let next = 0;
    const work = async () => {
      const sequence = new LlamaSequence(context.getSequence(), this.usage);
      for (let item = queue[next++]; item !== undefined; item = queue[next++]) {
        if (signal?.aborted) throw new TiesmithError("INTERRUPTED", "The evaluation was interrupted");
        answered(item.index, await this.#answer(item, sequence));
      }
    };
    try {
      await Promise.all(Array.from({ length: context.totalSequences }, work));
    } catch (error) {
      next = queue.length;
      if (error instanceof TiesmithError) throw error;
      throw new TiesmithError("BACKEND_FAILED", `llama.cpp failed: ${messageOf(error)}`);
    } finally {
      await context.dispose();
    }
  }

  async close(): Promise<void> {
    await this.#model.dispose();
    await this.#closed();
  }

  async #answer(item: Encoded, sequence: LlamaSequence): Promise<ModelAnswer> {
    if ("pairs" in item) return { logLikelihoods: await sequence.logLikelihoods(item.pairs) };
    return sequence.generate(item.prompt, item.request, this.#text, (token) => this.#model.isEogToken(token));
  }

  #encode(request: ModelRequest, index: number): Encoded {
    if (request.kind === "generate") return { index, prompt: this.#text.encode(request.context), request };
    return { index, pairs: request.choices.map((choice) => this.#pair(request, choice)) };
  }

  /** Of a letter only the first token counts. */
  #pair({ kind, context }: RankRequest, choice: string): EncodedPair {
    const pair = this.#text.encodePair(context, choice);
    return kind === "rank" ? pair : { ...pair, tokens: pair.tokens.slice(0, pair.start + 1) };
  }

  /** Tokens that the longest request needs. */
  #contextSize(encoded: readonly Encoded[]): number {
    const limit = this.#model.trainContextSize;
    let longest = 0;
    for (const item of encoded) {
      const room = "pairs" in item ? 0 : item.request.maxTokens;
      const length = tokensOf(item).length;
      if (length > limit)
        throw new TiesmithError(
          "DATA_INVALID",
          `Expected prompts of at most ${limit} tokens, the model's context, but number ${item.index + 1} has ${length}; use fewer examples (--shots), or leave the longest rows out`,
          { limit, length, index: item.index },
        );
      longest = Math.max(longest, Math.min(limit, length + room));
    }
    return longest;
  }

  /** node-llama-cpp keeps one place of a sequence free. */
  async #openContext(tokens: number, sequences: number): Promise<LlamaContext> {
    const { keyValueType, flashAttention, threads } = this.#options;
    try {
      return await this.#model.createContext({
        contextSize: Math.ceil((tokens + 2) / 32) * 32,
        sequences: Math.max(1, sequences),
        batchSize: BATCH_TOKENS,
        threads,
        flashAttention,
        swaFullCache: true,
        experimentalKvCacheKeyType: keyValueType,
        experimentalKvCacheValueType: keyValueType,
        failedCreationRemedy: false,
      });
    } catch (error) {
      const message = `Expected memory for ${sequences} sequences of ${tokens} tokens, but ${messageOf(error)}; use fewer with --sequences`;
      throw new TiesmithError("BACKEND_FAILED", message);
    }
  }
}

function tokensOf(item: Encoded): readonly Token[] {
  return "pairs" in item ? longestOf(item.pairs) : item.prompt;
}

function longestOf(pairs: readonly EncodedPair[]): readonly Token[] {
  return pairs.reduce<readonly Token[]>(
    (longest, { tokens }) => (tokens.length > longest.length ? tokens : longest),
    [],
  );
}
