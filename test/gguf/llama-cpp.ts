/** llama.cpp, opened once for the tests of a file. */
import { afterAll } from "vitest";
import type { ModelAnswer, ModelRequest, ModelSession } from "../../src/evaluate/backend.ts";
import { LlamaBackend, type LlamaOptions } from "../../src/evaluate/llama-backend.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";

const started: LlamaBackend[] = [];
afterAll(async () => {
  for (const backend of started) await backend.close();
});

/** A model folder or GGUF file, open; one thread, so that a loaded machine does not slow it down. */
export async function openModel(path: string, options: Partial<LlamaOptions> = {}): Promise<ModelSession> {
  const backend = await LlamaBackend.start({ threads: 1, workFolder: temporaryFolder(), ...options });
  started.push(backend);
  return backend.open(await backend.identify(path));
}

/** The answers in the order of the requests. */
export async function answersOf(
  session: ModelSession,
  requests: readonly ModelRequest[],
): Promise<ModelAnswer[]> {
  const answers: ModelAnswer[] = [];
  session.check(requests);
  await session.run(
    requests,
    (index, answer) => {
      answers[index] = answer;
    },
    undefined,
  );
  return answers;
}
