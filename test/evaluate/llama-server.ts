/** A small server in OpenAI's protocol over llama.cpp, on loopback, that can be told to misbehave. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { afterAll } from "vitest";
import { loadLlamaModel, loadLlamaPackage, openLlama } from "../../src/evaluate/llama-package.ts";
import { LlamaText } from "../../src/evaluate/llama-text.ts";
import { exportGguf } from "../../src/gguf/export-gguf.ts";
import { newFolder } from "./task-builder.ts";

export type Fault = "429" | "500" | "cut" | "slow";

export interface LlamaServer {
  readonly url: string;
  /** Taken one a request, first come, first served. */
  readonly faults: Fault[];
  /** Whether prompts can be echoed with their log-probabilities, and whether candidates are told. */
  readonly abilities: { echo: boolean; candidates: "legacy" | "chat" | "none" };
  /** Requests for completions so far, failed ones too. */
  requests: number;
  /** The largest number that was under way at a time. */
  busiest: number;
  key: string | null;
}

interface CompletionBody {
  readonly prompt: string;
  readonly max_tokens: number;
  readonly echo?: boolean;
  readonly logprobs?: number;
  readonly stop?: readonly string[];
}

/** Serves one model under the name `served`. */
export async function startLlamaServer(folder: string): Promise<LlamaServer> {
  const out = join(newFolder(), "served.gguf");
  await exportGguf(folder, { out, type: "f32" });
  const llama = await openLlama(await loadLlamaPackage());
  const model = await loadLlamaModel(llama, out);
  const kv = { experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" } as const;
  const context = await model.createContext({ contextSize: 256, threads: 1, flashAttention: false, ...kv });
  const completer = new Completer(model, context.getSequence());
  const state: LlamaServer = {
    url: "",
    faults: [],
    abilities: { echo: true, candidates: "legacy" },
    requests: 0,
    busiest: 0,
    key: null,
  };
  let running = 0;
  const server = createServer((request, response) => {
    running += 1;
    state.busiest = Math.max(state.busiest, running);
    answer(request, response, state, completer)
      // A client that has given up takes its connection along.
      .catch(() => response.destroy())
      .finally(() => {
        running -= 1;
      });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await llama.dispose();
  });
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  state: LlamaServer,
  completer: Completer,
) {
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const refuse = (status: number, message: string) => send(status, { error: { message, type: "test" } });
  if (state.key !== null && request.headers.authorization !== `Bearer ${state.key}`)
    return refuse(401, "wrong key");
  if (request.url === "/v1/models")
    return send(200, { object: "list", data: [{ id: "served", object: "model" }] });
  state.requests += 1;
  const fault = state.faults.shift();
  if (fault === "cut") return request.socket.destroy();
  if (fault === "429" || fault === "500")
    return refuse(Number(fault), fault === "429" ? "too many" : "broken");
  if (fault === "slow") await sleep(3000);
  let text = "";
  for await (const part of request) text += part;
  send(200, await completer.complete(JSON.parse(text), state.abilities));
}

class Completer {
  readonly #model: LlamaModel;
  readonly #sequence: LlamaContextSequence;
  readonly #text: LlamaText;
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: LlamaModel, sequence: LlamaContextSequence) {
    this.#model = model;
    this.#sequence = sequence;
    this.#text = new LlamaText(model);
  }

  /** One at a time: there is one sequence. */
  complete(body: CompletionBody, abilities: LlamaServer["abilities"]): Promise<unknown> {
    const own = this.#last.then(() => this.#complete(body, abilities));
    this.#last = own.catch(() => undefined);
    return own;
  }

  async #complete(
    { prompt, max_tokens, echo, logprobs, stop = [] }: CompletionBody,
    abilities: LlamaServer["abilities"],
  ) {
    const tokens = this.#text.encode(prompt);
    const all = await this.#logProbabilities(tokens);
    const generated: Token[] = [];
    const candidates = all.at(-1) as Map<Token, number>;
    let after = candidates;
    while (generated.length < max_tokens) {
      const [next] = [...after].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
      if (this.#model.isEogToken(next)) break;
      generated.push(next);
      if (stop.some((word) => this.#textOf(generated).includes(word))) break;
      if (generated.length < max_tokens)
        after = (await this.#logProbabilities([...tokens, ...generated])).at(-1) as Map<Token, number>;
    }
    const ownText = this.#textOf(generated);
    const cut = Math.min(...stop.map((word) => ownText.indexOf(word)).filter((at) => at >= 0));
    const isLong = generated.length === max_tokens && !Number.isFinite(cut);
    const choice = {
      index: 0,
      text: (echo && abilities.echo ? prompt : "") + (Number.isFinite(cut) ? ownText.slice(0, cut) : ownText),
      finish_reason: isLong ? "length" : "stop",
      logprobs:
        logprobs === undefined
          ? null
          : this.#told(tokens, all, candidates, logprobs, echo === true, abilities),
    };
    const usage = { prompt_tokens: tokens.length, completion_tokens: generated.length, total_tokens: 0 };
    return { id: "c", object: "text_completion", created: 0, model: "served", choices: [choice], usage };
  }

  #told(
    tokens: readonly Token[],
    all: readonly Map<Token, number>[],
    candidates: Map<Token, number>,
    count: number,
    echo: boolean,
    { echo: canEcho, candidates: form }: LlamaServer["abilities"],
  ) {
    if (echo && canEcho) {
      const values = tokens.map((token, i) => (i === 0 ? null : (all[i - 1]?.get(token) ?? null)));
      return {
        tokens: tokens.map((token) => this.#textOf([token])),
        token_logprobs: values,
        text_offset: [],
        top_logprobs: [],
      };
    }
    if (form === "none") return null;
    const best = [...candidates].sort((a, b) => b[1] - a[1]).slice(0, count);
    const named = best.map(([token, logprob]) => ({ token: this.#textOf([token]), logprob }));
    if (form === "chat") return { content: [{ token: named[0]?.token, top_logprobs: named }] };
    return {
      tokens: [],
      token_logprobs: [],
      top_logprobs: [Object.fromEntries(named.map(({ token, logprob }) => [token, logprob]))],
    };
  }

  /** After each token, of every token. */
  async #logProbabilities(tokens: readonly Token[]): Promise<Map<Token, number>[]> {
    await this.#sequence.clearHistory();
    const outputs = await this.#sequence.controlledEvaluate(
      tokens.map((token) => [token, { generateNext: { probabilities: true } }]),
    );
    return outputs.map((output) => {
      const probabilities = output?.next.probabilities ?? new Map<Token, number>();
      return new Map([...probabilities].map(([token, share]) => [token, Math.log(share)]));
    });
  }

  #textOf(tokens: readonly Token[]): string {
    return Buffer.concat(tokens.map((token) => this.#text.bytesOf(token))).toString("utf8");
  }
}
