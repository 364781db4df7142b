/** Any server that speaks OpenAI's completions protocol: vLLM, llama.cpp's server, and others. */
import { createHash } from "node:crypto";
import OpenAI, { APIError } from "openai";
import { nearestName, TiesmithError } from "../errors.ts";
import type { Backend, EvaluatedModel, ModelSession } from "./backend.ts";
import { serverError } from "./openai-errors.ts";
import { OpenAiSession, probeServer } from "./openai-session.ts";

export interface OpenAiOptions {
  /** Up to and with `/v1`. */
  readonly url: string;
  /** The environment variable that holds the key; default OPENAI_API_KEY. A server without keys needs none. */
  readonly keyVariable?: string | undefined;
  /** Requests under way; default 8. */
  readonly concurrency?: number | undefined;
  /** For one request; default 120. */
  readonly timeoutSeconds?: number | undefined;
  /** After 408, 429, 5xx and cut connections, with growing pauses; default 5. */
  readonly retries?: number | undefined;
}

export class OpenAiBackend implements Backend {
  readonly name = "openai";
  readonly #client: OpenAI;
  readonly #options: OpenAiOptions;

  /** @throws {TiesmithError} `USAGE` for an address that is none */
  constructor(options: OpenAiOptions) {
    this.#options = options;
    const { url, keyVariable = "OPENAI_API_KEY", timeoutSeconds = 120, retries = 5 } = options;
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw new TiesmithError(
        "USAGE",
        `Expected an address such as http://localhost:8000/v1 for --url, but received ${JSON.stringify(url)}`,
        {
          url,
        },
      );
    this.#client = new OpenAI({
      baseURL: url,
      // The client insists on a key, also where the server has none.
      apiKey: process.env[keyVariable] || "none",
      timeout: timeoutSeconds * 1000,
      maxRetries: retries,
    });
  }

  settingsOf(): Readonly<Record<string, unknown>> {
    return { backend: "openai", url: this.#options.url };
  }

  async identify(reference: string): Promise<EvaluatedModel> {
    const known = await this.#modelNames();
    if (known.length > 0 && !known.includes(reference)) {
      const near = nearestName(reference, known);
      const hint = near === undefined ? `it has ${known.slice(0, 5).join(", ")}` : `did you mean ${near}?`;
      throw new TiesmithError(
        "MODEL_NOT_FOUND",
        `Expected the model ${JSON.stringify(reference)} on ${this.#options.url}, but the server lacks it; ${hint}`,
        { model: reference, known },
      );
    }
    // The server does not tell what its weights are: one of the same name and address counts as the same.
    const hash = createHash("sha256").update(`${this.#options.url}\0${reference}`).digest("hex").slice(0, 32);
    return { name: reference, reference, hash };
  }

  async open(model: EvaluatedModel): Promise<ModelSession> {
    const served = { client: this.#client, model: model.reference };
    const ability = await this.#told(() => probeServer(served));
    const { concurrency = 8, url } = this.#options;
    return new OpenAiSession(served, ability, { concurrency, url });
  }

  async close(): Promise<void> {}

  /** Empty where the server has no list. */
  async #modelNames(): Promise<string[]> {
    return this.#told(async () => {
      try {
        const page = await this.#client.models.list();
        return page.data.map(({ id }) => id);
      } catch (error) {
        if (error instanceof APIError && (error.status === 404 || error.status === 405)) return [];
        throw error;
      }
    });
  }

  async #told<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw serverError(error, this.#options.url, "BACKEND_UNAVAILABLE");
    }
  }
}
