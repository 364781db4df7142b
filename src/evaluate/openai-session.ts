/** A model on a server: what the server can tell is found out once, and requests it cannot serve are refused. */
import type OpenAI from "openai";
import { BadRequestError } from "openai";
import { TiesmithError } from "../errors.ts";
import type {
  GenerateAnswer,
  GenerateRequest,
  ModelAnswer,
  ModelRequest,
  ModelSession,
  RankRequest,
  Usage,
} from "./backend.ts";
import { serverError } from "./openai-errors.ts";

/**
 * `echo`: log-probabilities of the prompt itself; `next`: those of the next token's candidates; `text`: text only.
 */
export type ServerAbility = "echo" | "next" | "text";

/** Candidates asked for: the most that vLLM and llama.cpp give by default. */
const CANDIDATES = 20;
const PROBE = "One, two, three, four";

/** A model of a server. */
export interface ServedModel {
  readonly client: OpenAI;
  readonly model: string;
  readonly signal?: AbortSignal | undefined;
}

type Wanted = Omit<OpenAI.CompletionCreateParamsNonStreaming, "model" | "temperature">;

/** Greedy. */
function complete({ client, model, signal }: ServedModel, wanted: Wanted): Promise<OpenAI.Completion> {
  return client.completions.create(
    { model, temperature: 0, ...wanted },
    signal === undefined ? {} : { signal },
  );
}

/**
 * Finds out what a server tells. Servers that cannot echo answer without an error, and would score at chance.
 */
export async function probeServer(served: ServedModel): Promise<ServerAbility> {
  const echoed = await tolerated(() => echo(served, PROBE));
  // The first token has no log-probability; all others must have a finite one.
  if (echoed !== null && echoed.length >= 3 && echoed.slice(1).every((value) => Number.isFinite(value)))
    return "echo";
  const candidates = await tolerated(() => nextCandidates(served, PROBE));
  return candidates !== null && candidates.size > 1 ? "next" : "text";
}

/** A server may refuse an option that it lacks. */
async function tolerated<T>(run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof BadRequestError) return null;
    throw error;
  }
}

/** Log-probabilities of the tokens of a text; the first is null. */
async function echo(served: ServedModel, prompt: string): Promise<(number | null)[]> {
  const completion = await complete(served, { prompt, max_tokens: 1, echo: true, logprobs: 1 });
  const values: (number | null)[] = completion.choices[0]?.logprobs?.token_logprobs ?? [];
  const promptTokens = completion.usage?.prompt_tokens ?? values.length - 1;
  return values.slice(0, promptTokens);
}

interface Candidate {
  readonly token: string;
  readonly logprob: number;
}

/** Candidates for the next token, by text without spaces around; of equal ones the likelier counts. */
async function nextCandidates(served: ServedModel, prompt: string): Promise<Map<string, number>> {
  const completion = await complete(served, { prompt, max_tokens: 1, logprobs: CANDIDATES });
  const logprobs = completion.choices[0]?.logprobs as
    | { top_logprobs?: Record<string, number>[]; content?: { top_logprobs?: Candidate[] }[] }
    | null
    | undefined;
  // llama.cpp's server answers in the form of the chat protocol.
  const listed = logprobs?.content?.[0]?.top_logprobs?.map(({ token, logprob }) => [token, logprob] as const);
  const found = new Map<string, number>();
  for (const [token, value] of listed ?? Object.entries(logprobs?.top_logprobs?.[0] ?? {})) {
    const text = token.trim();
    found.set(text, Math.max(value, found.get(text) ?? Number.NEGATIVE_INFINITY));
  }
  return found;
}

export class OpenAiSession implements ModelSession {
  readonly usage: Usage = { evaluatedTokens: 0, requestedTokens: 0 };
  #served: ServedModel;
  readonly #ability: ServerAbility;
  readonly #options: { readonly concurrency: number; readonly url: string };

  constructor(
    served: ServedModel,
    ability: ServerAbility,
    options: { readonly concurrency: number; readonly url: string },
  ) {
    this.#served = served;
    this.#ability = ability;
    this.#options = options;
  }

  check(requests: readonly ModelRequest[]): void {
    if (this.#ability === "echo") return;
    const unfit = requests.find((request) => request.kind === "rank" && !isLetters(request));
    if (unfit === undefined) return;
    throw new TiesmithError(
      "BACKEND_UNAVAILABLE",
      `Expected log-probabilities of the prompt (echo with logprobs) from ${this.#options.url} to rank texts, but it gives none; use a server that has them (vLLM), or --backend llama`,
      { url: this.#options.url, ability: this.#ability },
    );
  }

  async run(
    requests: readonly ModelRequest[],
    answered: (index: number, answer: ModelAnswer) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#served = { ...this.#served, signal };
    let next = 0;
    const work = async () => {
      for (let index = next++; index < requests.length; index = next++) {
        if (signal?.aborted) throw new TiesmithError("INTERRUPTED", "The evaluation was interrupted");
        answered(index, await this.#answer(requests[index] as ModelRequest));
      }
    };
    try {
      await Promise.all(Array.from({ length: this.#options.concurrency }, work));
    } catch (error) {
      next = requests.length;
      throw serverError(error, this.#options.url, "BACKEND_FAILED");
    }
  }

  async close(): Promise<void> {}

  async #answer(request: ModelRequest): Promise<ModelAnswer> {
    if (request.kind === "generate") return this.#generate(request);
    if (this.#ability === "echo" && request.kind === "rank") return this.#rank(request);
    return this.#ability === "text" ? this.#chooseByText(request) : this.#chooseByCandidates(request);
  }

  /** Cut at the length of the encoded context, as lm-evaluation-harness does. */
  async #rank({ context, choices }: RankRequest): Promise<ModelAnswer> {
    const bare = context.replace(/\s+$/u, "");
    const start = (await this.#echo(bare)).length;
    const logLikelihoods = await Promise.all(
      choices.map(async (choice) => {
        const values = await this.#echo(context + choice);
        const own = values.slice(Math.max(1, Math.min(start, values.length - 1)));
        return own.reduce<number>((sum, value) => sum + (value ?? Number.NaN), 0);
      }),
    );
    const broken = logLikelihoods.some((value) => !Number.isFinite(value));
    if (broken)
      throw new TiesmithError(
        "BACKEND_FAILED",
        `The server at ${this.#options.url} left out log-probabilities of a prompt`,
      );
    return { logLikelihoods };
  }

  async #echo(text: string): Promise<(number | null)[]> {
    const values = await echo(this.#served, text);
    this.usage.evaluatedTokens += values.length;
    this.usage.requestedTokens += values.length;
    return values;
  }

  /**
   * Null for a choice that is not among the candidates. SentencePiece writes ` 1` as a space and a digit: where the
   * likeliest token is but a space, the one after it tells.
   */
  async #chooseByCandidates({ context, choices }: RankRequest): Promise<ModelAnswer> {
    let candidates = await nextCandidates(this.#served, context);
    const [likeliest] = [...candidates].sort((a, b) => b[1] - a[1]);
    if (likeliest?.[0] === "") candidates = await nextCandidates(this.#served, `${context} `);
    return { logLikelihoods: choices.map((choice) => candidates.get(choice.trim()) ?? null) };
  }

  /** The first letter that the model writes has it. */
  async #chooseByText({ context, choices }: RankRequest): Promise<ModelAnswer> {
    const { text } = await this.#generate({ kind: "generate", context, stop: ["\n"], maxTokens: 4 });
    const written = choices.map((choice) => text.indexOf(choice.trim()));
    const first = Math.min(...written.filter((at) => at >= 0));
    return { logLikelihoods: written.map((at) => (at >= 0 && at === first ? 0 : null)) };
  }

  async #generate({ context, stop, maxTokens }: GenerateRequest): Promise<GenerateAnswer> {
    const completion = await complete(this.#served, {
      prompt: context,
      max_tokens: maxTokens,
      // OpenAI's own limit; the others are looked for below.
      ...(stop.length > 0 ? { stop: stop.slice(0, 4) } : {}),
    });
    const choice = completion.choices[0];
    const text = choice?.text ?? "";
    const { prompt_tokens: promptTokens = 0, completion_tokens: ownTokens = 0 } = completion.usage ?? {};
    this.usage.evaluatedTokens += promptTokens + ownTokens;
    this.usage.requestedTokens += promptTokens + ownTokens;
    const ends = stop.map((word) => text.indexOf(word)).filter((at) => at >= 0);
    if (ends.length > 0) return { text: text.slice(0, Math.min(...ends)), bytes: null, ended: "stop" };
    return { text, bytes: null, ended: choice?.finish_reason === "length" ? "length" : "end" };
  }
}

/** One character each: what next-token candidates can tell apart. */
function isLetters({ choices }: RankRequest): boolean {
  return choices.every((choice) => [...choice.trim()].length === 1);
}
