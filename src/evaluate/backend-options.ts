/** Which backend, and how it is set. */
import { join } from "node:path";
import { nearestName, TiesmithError } from "../errors.ts";
import type { Backend } from "./backend.ts";
import type { LlamaOptions } from "./llama-backend.ts";
import type { OpenAiOptions } from "./openai-backend.ts";

/** The embedded llama.cpp, or a server that speaks OpenAI's protocol. */
export type BackendOptions =
  | ({ readonly kind: "llama" } & Omit<LlamaOptions, "workFolder" | "signal">)
  | ({ readonly kind: "openai" } & OpenAiOptions);

export const BACKEND_KINDS = ["llama", "openai", "lm-eval"] as const;

/** @throws {TiesmithError} `USAGE` for an unknown kind; `BACKEND_UNAVAILABLE` */
export async function startBackend(
  options: BackendOptions,
  cache: string,
  signal: AbortSignal | undefined,
): Promise<Backend> {
  const { kind } = options;
  // Loaded when they are used: whoever merges needs no HTTP client.
  if (kind === "llama") {
    const { LlamaBackend } = await import("./llama-backend.ts");
    return LlamaBackend.start({ ...options, workFolder: join(cache, "gguf"), signal });
  }
  if (kind === "openai") {
    const { OpenAiBackend } = await import("./openai-backend.ts");
    return new OpenAiBackend(options);
  }
  const near = nearestName(kind, BACKEND_KINDS) ?? BACKEND_KINDS.join(", ");
  throw new TiesmithError(
    "USAGE",
    `Expected a known backend, but received ${JSON.stringify(kind)}; did you mean ${near}?`,
    {
      backend: kind,
    },
  );
}
