/** llama.cpp, opened once for the tests of a file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { ModelAnswer, ModelRequest, ModelSession } from "../../src/evaluate/backend.ts";
import { LlamaBackend } from "../../src/evaluate/llama-backend.ts";

let shared: Promise<LlamaBackend> | undefined;
const workFolder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
afterAll(async () => {
  await (await shared)?.close();
  rmSync(workFolder, { recursive: true, force: true });
});

/** A model folder or GGUF file, open; one thread, so that a loaded machine does not slow it down. */
export async function openModel(path: string): Promise<ModelSession> {
  shared ??= LlamaBackend.start({ threads: 1, workFolder });
  const backend = await shared;
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
