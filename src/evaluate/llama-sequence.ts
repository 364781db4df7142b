/** One sequence of a llama.cpp context, which keeps what it has evaluated for as long as the next text begins alike. */
import type { ControlledEvaluateInputItem, LlamaContextSequence, Token } from "node-llama-cpp";
import type { GenerateRequest, Usage } from "./backend.ts";
import { GeneratedText } from "./generated-text.ts";
import type { EncodedPair, LlamaText } from "./llama-text.ts";

export class LlamaSequence {
  readonly #sequence: LlamaContextSequence;
  readonly #usage: Usage;
  #state: Token[] = [];

  constructor(sequence: LlamaContextSequence, usage: Usage) {
    this.#sequence = sequence;
    this.#usage = usage;
  }

  /**
   * The log-likelihood of each continuation, summed over its tokens. What the pairs share at their beginning, and
   * with what was evaluated before, is evaluated once: of single-token choices all come from one position.
   */
  async logLikelihoods(pairs: readonly EncodedPair[]): Promise<number[]> {
    const wanted = new Map<string, Wanted>();
    for (const { tokens, start } of pairs) {
      for (let at = start; at < tokens.length; at++)
        wantedAt(wanted, tokens, at).tokens.add(tokens[at] as Token);
      this.#usage.requestedTokens += tokens.length - 1;
    }
    // Neighbours in this order share as much as any two can.
    const paths = pairs.map(({ tokens }) => tokens.slice(0, -1)).sort(compareTokens);
    const firstWanted = Math.min(...pairs.map(({ start }) => start)) - 1;
    for (const [i, path] of paths.entries()) {
      const next = paths[i + 1];
      if (next !== undefined && isPrefix(path, next)) continue;
      await this.#evaluate(path, firstWanted, wanted);
    }
    return pairs.map(({ tokens, start }) => {
      let sum = 0;
      for (let at = start; at < tokens.length; at++)
        sum += wantedAt(wanted, tokens, at).found?.get(tokens[at] as Token) ?? Number.NaN;
      return sum;
    });
  }

  /** Greedy, until a stop text, an end token or the limit. */
  async generate(
    prompt: readonly Token[],
    request: GenerateRequest,
    text: LlamaText,
    isEnd: (token: Token) => boolean,
  ) {
    const generated = new GeneratedText(request.stop);
    this.#usage.requestedTokens += prompt.length;
    let next = await this.#advance(prompt);
    for (let count = 1; ; count++) {
      if (isEnd(next)) return generated.finish("end");
      if (generated.add(text.bytesOf(next))) return generated.finish("stop");
      if (count >= request.maxTokens) return generated.finish("length");
      this.#usage.requestedTokens += 1;
      next = await this.#advance([...this.#state, next]);
    }
  }

  /** Evaluates to the end of `tokens` and returns the likeliest next one. */
  async #advance(tokens: readonly Token[]): Promise<Token> {
    const keep = Math.min(commonLength(this.#state, tokens), tokens.length - 1);
    const last: ControlledEvaluateInputItem = [
      tokens.at(-1) as Token,
      { generateNext: { token: true, options: { temperature: 0 } } },
    ];
    const outputs = await this.#extend(tokens, keep, [...tokens.slice(keep, -1), last]);
    return outputs.at(-1)?.next.token as Token;
  }

  /** Before `firstWanted` nothing is asked for. */
  async #evaluate(
    path: readonly Token[],
    firstWanted: number,
    wanted: ReadonlyMap<string, Wanted>,
  ): Promise<void> {
    const open = path.map((_, i) => {
      if (i < firstWanted) return undefined;
      const here = wanted.get(prefixKey(path, i + 1));
      return here?.found === undefined ? here : undefined;
    });
    const firstOpen = open.findIndex((here) => here !== undefined);
    if (firstOpen < 0) return;
    const keep = Math.min(commonLength(this.#state, path), firstOpen);
    const items = path.slice(keep).map((token, i): ControlledEvaluateInputItem => {
      const here = open[keep + i];
      if (here === undefined) return token;
      // includeMax does not give the maximum; includeTop does.
      const filter = { tokens: [...here.tokens], includeTop: 1 };
      return [token, { generateNext: { logits: { filter }, totalLogitWeight: true } }];
    });
    const outputs = await this.#extend(path, keep, items);
    for (const [i, output] of outputs.entries()) {
      const here = open[keep + i];
      const { logits, totalLogitWeight } = output?.next ?? {};
      if (here === undefined || logits === undefined || totalLogitWeight === undefined) continue;
      const largest = Math.max(...logits.values());
      const scale = largest + Math.log(totalLogitWeight);
      here.found = new Map([...logits].map(([token, logit]) => [token, logit - scale]));
    }
  }

  /** Forgets what comes after `keep`, then evaluates the rest of `tokens`. */
  async #extend(tokens: readonly Token[], keep: number, items: ControlledEvaluateInputItem[]) {
    if (keep < this.#state.length)
      await this.#sequence.eraseContextTokenRanges([{ start: keep, end: this.#state.length }]);
    this.#state = this.#state.slice(0, keep);
    const outputs = await this.#sequence.controlledEvaluate(items);
    this.#state = [...tokens];
    this.#usage.evaluatedTokens += items.length;
    return outputs;
  }
}

/** Tokens whose log-probability is wanted after a prefix. */
interface Wanted {
  readonly tokens: Set<Token>;
  found?: Map<Token, number>;
}

function wantedAt(wanted: Map<string, Wanted>, tokens: readonly Token[], at: number): Wanted {
  const key = prefixKey(tokens, at);
  const here = wanted.get(key) ?? { tokens: new Set<Token>() };
  wanted.set(key, here);
  return here;
}

function prefixKey(tokens: readonly Token[], length: number): string {
  return tokens.slice(0, length).join(",");
}

export function compareTokens(a: readonly Token[], b: readonly Token[]): number {
  const at = commonLength(a, b);
  return (a[at] ?? -1) - (b[at] ?? -1);
}

function commonLength(a: readonly Token[], b: readonly Token[]): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

function isPrefix(a: readonly Token[], b: readonly Token[]): boolean {
  return commonLength(a, b) === a.length;
}
