/** Against a real server on loopback: the same answers as embedded, whatever the server can tell, and faults survived. */
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type EvaluateOptions, evaluate } from "../../src/evaluate/evaluate.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { type LlamaServer, startLlamaServer } from "./llama-server.ts";
import { dataFolder, newFolder, PLAIN_TASK, writeTask } from "./task-builder.ts";

const MODEL = join(TINYLANG, "models/sft");
const DATA = join(TINYLANG, "data");
const task = (name: string) => `${join(TINYLANG, "tasks", name)}.yaml:A`;
let server: LlamaServer;

beforeAll(async () => {
  server = await startLlamaServer(MODEL);
});
beforeEach(() => {
  server.faults.length = 0;
  server.requests = 0;
  server.busiest = 0;
  server.key = null;
  Object.assign(server.abilities, { echo: true, candidates: "legacy" });
});

function served(
  tasks: readonly string[],
  options: EvaluateOptions & { timeoutSeconds?: number; retries?: number } = {},
) {
  const { timeoutSeconds, retries, ...rest } = options;
  const backend = { kind: "openai", url: server.url, timeoutSeconds, retries } as const;
  return evaluate(["served"], tasks, { data: DATA, limit: 6, cache: newFolder(), backend, ...rest });
}

describe("a server that echoes log-probabilities", () => {
  it("gives the scores of the embedded backend, choice by choice", async () => {
    const out = newFolder();
    const options = { data: DATA, limit: 6 };
    const tasks = ["tc", "rs", "math"].map(task);
    const [remote, embedded] = [
      await served(tasks),
      await evaluate([MODEL], tasks, {
        ...options,
        cache: newFolder(),
        out,
        backend: { kind: "llama", threads: 1 },
      }),
    ];
    expect(remote.scores.map(({ task: name, value }) => [name, value])).toEqual(
      embedded.scores.map(({ task: name, value }) => [name, value]),
    );
    expect(remote.scores.map(({ by }) => by)).toEqual(embedded.scores.map(({ by }) => by));
    expect(server.busiest).toBeGreaterThan(1);
  });
});

describe("a server without echo", () => {
  beforeEach(() => {
    server.abilities.echo = false;
  });

  it.each(["legacy", "chat"] as const)("is asked for the next letter, in the %s form", async (form) => {
    server.abilities.candidates = form;
    const { scores } = await served([task("rate")]);
    expect(scores[0]).toMatchObject({ rows: 6, value: 1 });
  });

  it("that tells no candidates either is read by what it writes", async () => {
    server.abilities.candidates = "none";
    const { scores } = await served([task("rate")]);
    expect(scores[0]).toMatchObject({ rows: 6, value: 1 });
  });

  it("is refused for texts, before a row is asked", async () => {
    await expect(served([task("tc")])).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/echo with logprobs.*--backend llama/),
    });
    expect(server.requests).toBeLessThanOrEqual(2);
  });

  it("generates all the same", async () => {
    const { scores } = await served([task("math")]);
    // Bytes are hidden, so that nothing is said of unparsable output.
    expect(scores[0]).toMatchObject({ value: 1, unparsable: null });
  });
});

describe("faults", () => {
  it("that pass are survived: too many requests, a broken answer, a cut connection", async () => {
    const before = server.requests;
    server.faults.push("429", "500", "cut");
    const { scores } = await served([task("math")]);
    expect(scores[0]).toMatchObject({ value: 1 });
    expect(server.requests - before).toBeGreaterThan(6);
  });

  it("a slow answer is given up after the time-out and asked for again", async () => {
    server.faults.push("slow");
    const { scores } = await served([task("math")], { timeoutSeconds: 2 });
    expect(scores[0]).toMatchObject({ value: 1 });
  });

  it("do not keep an interrupted run waiting", async () => {
    const controller = new AbortController();
    const running = served([task("math")], {
      signal: controller.signal,
      onProgress: ({ doneRows }) => {
        if (doneRows !== 1) return;
        server.faults.push("slow", "slow", "slow");
        controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("that stay end the run; what was answered is kept, and the next run goes on", async () => {
    const cache = newFolder();
    const data = dataFolder({
      "A.jsonl": '{"text":"a","label":"x"}\n{"text":"b","label":"x"}\n{"text":"c","label":"x"}\n',
    });
    const generate = { method: "generation", maxTokens: 2, extract: {} };
    const one = writeTask({ ...PLAIN_TASK, prompts: { plain: { prompt: "{{ text }}" } }, scoring: generate });
    const options = {
      data,
      cache,
      retries: 0,
      backend: { kind: "openai", url: server.url, retries: 0, concurrency: 1 },
    } as const;
    // Two requests to find out what the server can do, one row, then the end.
    const running = evaluate(["served"], [one], {
      ...options,
      onProgress: ({ doneRows }) => {
        if (doneRows === 1) server.faults.push("500");
      },
    });
    await expect(running).rejects.toMatchObject({
      code: "BACKEND_FAILED",
      message: expect.stringMatching(/broken/),
    });
    server.faults.length = 0;
    const { scores } = await evaluate(["served"], [one], options);
    expect(scores[0]).toMatchObject({ rows: 3, cachedRows: 1 });
    server.requests = 0;
    expect((await evaluate(["served"], [one], options)).scores[0]).toMatchObject({ cachedRows: 3 });
    expect(server.requests).toBe(0);
  });
});

describe("a server is refused", () => {
  it("that is down, with its address", async () => {
    const backend = { kind: "openai", url: "http://127.0.0.1:9/v1", retries: 0 } as const;
    await expect(served([task("math")], { backend })).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/127\.0\.0\.1:9.*is the server running/),
    });
  });

  it("that wants another key, or lacks the model", async () => {
    server.key = "secret";
    await expect(served([task("math")])).rejects.toThrow(/accept the key/);
    server.key = null;
    const backend = { kind: "openai", url: server.url } as const;
    const wrong = evaluate(["sreved"], [task("math")], { data: DATA, cache: newFolder(), backend });
    await expect(wrong).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
      message: expect.stringMatching(/did you mean served\?/),
    });
  });

  it("whose address is none", async () => {
    const backend = { kind: "openai", url: "localhost:8000" } as const;
    await expect(served([task("math")], { backend })).rejects.toMatchObject({ code: "USAGE" });
  });
});
