/** What runs models: requests in, answers out. A backend knows nothing of tasks. */

/** How likely each continuation is after the context: all of it, or its first token only (`next`). */
export interface RankRequest {
  readonly kind: "rank" | "next";
  readonly context: string;
  readonly choices: readonly string[];
}

/** What the model says after the context, greedily. */
export interface GenerateRequest {
  readonly kind: "generate";
  readonly context: string;
  readonly stop: readonly string[];
  readonly maxTokens: number;
}

export type ModelRequest = RankRequest | GenerateRequest;

/** Natural logarithms, one for each choice; null where the backend could not tell that one. */
export interface RankAnswer {
  readonly logLikelihoods: readonly (number | null)[];
}

export interface GenerateAnswer {
  readonly text: string;
  /** The bytes of the tokens, base64; null where a server gives text only. */
  readonly bytes: string | null;
  /** What ended it: a stop text, the model's end token, or the limit. */
  readonly ended: "stop" | "end" | "length";
}

export type ModelAnswer = RankAnswer | GenerateAnswer;

/** Counts of one session, for speed and for what prefix sharing saved. */
export interface Usage {
  /** Tokens that went through the model. */
  evaluatedTokens: number;
  /** Tokens that would have, had nothing been shared. */
  requestedTokens: number;
}

/** A model, open. */
export interface ModelSession {
  readonly usage: Usage;
  /**
   * Refuses requests that the model cannot take, before it is run.
   * @throws {TiesmithError} `DATA_INVALID` naming the first request that is too long; `BACKEND_UNAVAILABLE`
   */
  check(requests: readonly ModelRequest[]): void;
  /** Answers all requests, in any order; `answered` hears each as it is there. */
  run(
    requests: readonly ModelRequest[],
    answered: (index: number, answer: ModelAnswer) => void,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  close(): Promise<void>;
}

/** A model as an evaluation names it. */
export interface EvaluatedModel {
  readonly name: string;
  /** What the user gave: a folder, a file, a hub id, a server's model. */
  readonly reference: string;
  /** Equal for equal models: part of the cache's key. */
  readonly hash: string;
}

export interface Backend {
  readonly name: "llama" | "openai";
  /** Looks at a model without running it. */
  identify(reference: string): Promise<EvaluatedModel>;
  /** What may change an answer, beyond the model and the request; plain data for the cache's key. */
  settingsOf(): Readonly<Record<string, unknown>>;
  open(model: EvaluatedModel): Promise<ModelSession>;
  close(): Promise<void>;
}
