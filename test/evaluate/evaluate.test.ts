/** Whole evaluations with the embedded backend: PyTorch's accuracies, shared prefixes, answers that are kept. */
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type EvaluateOptions, evaluate } from "../../src/evaluate/evaluate.ts";
import { rescore } from "../../src/evaluate/rescore.ts";
import type { Prediction } from "../../src/evaluate/scoring.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { dataFolder, newFolder, PLAIN_TASK, writeTask } from "./task-builder.ts";

const reference: Record<string, Record<string, number>> = JSON.parse(
  readFileSync(join(TINYLANG, "reference.json"), "utf8"),
);
const model = (name: string) => join(TINYLANG, "models", name);
const task = (name: string) => join(TINYLANG, "tasks", `${name}.yaml`);
const COLUMNS = { tc: "TC", rate: "RATE", rs: "RS", math: "Math" } as const;
const llama = { kind: "llama", threads: 1 } as const;

function run(models: readonly string[], tasks: readonly string[], options: EvaluateOptions) {
  return evaluate(models.map(model), tasks, {
    data: join(TINYLANG, "data"),
    cache: newFolder(),
    backend: llama,
    ...options,
  });
}

/** All eight models in all three languages take minutes: TIESMITH_ALL_MODELS=1 runs them. */
const FEW: [string, string][] = [
  ["sft", "A"],
  ["ctsft-x", "X"],
  ["ctsft-y", "Y"],
];
const ALL = readdirSync(join(TINYLANG, "models")).flatMap((name) =>
  ["A", "X", "Y"].map((code): [string, string] => [name, code]),
);

describe("accuracies on the small languages", () => {
  it.each(process.env.TIESMITH_ALL_MODELS === undefined ? FEW : ALL)(
    "of %s in %s are PyTorch's to within one row",
    async (name, language) => {
      const { scores, averages } = await run([name], Object.keys(COLUMNS).map(task), {
        languages: [language],
      });
      for (const [i, column] of Object.values(COLUMNS).entries()) {
        const expected = (reference[`test/${language}/${name}`] as Record<string, number>)[column] as number;
        expect(scores[i]?.rows).toBe(200);
        expect(Math.abs(100 * (scores[i]?.value ?? Number.NaN) - expected)).toBeLessThanOrEqual(0.5);
      }
      const mean = scores.reduce((sum, { value }) => sum + value, 0) / 4;
      expect(averages).toMatchObject([
        { language, value: expect.closeTo(mean, 12) },
        { language: null, value: expect.closeTo(mean, 12) },
      ]);
    },
    240_000,
  );
});

describe("prefixes", () => {
  const rows = [0, 1, 2, 3].map((i) => JSON.stringify({ text: `the coin number ${i}`, label: "red" }));
  const data = () =>
    dataFolder({
      "A.jsonl": `${rows.join("\n")}\n`,
      "A.dev.jsonl": `${rows[0]?.replace("coin", "old moon")}\n`,
    });

  it("that rows share are evaluated once: examples above all", async () => {
    const path = writeTask({ ...PLAIN_TASK, shots: { count: 1, split: "dev" } });
    const options = { data: data(), cache: newFolder(), backend: { ...llama, sequences: 1 } };
    const { scores } = await evaluate([model("base")], [path], options);
    const { evaluatedTokens = 0, requestedTokens = 0 } = scores[0] ?? {};
    // A prompt is example, row and choice; of the 4 · 2 requested only the first evaluates the example.
    const perRequest = requestedTokens / 8;
    expect(evaluatedTokens).toBeLessThan(perRequest + 7 * (perRequest / 2));
    expect(evaluatedTokens).toBeGreaterThan(perRequest);
  });

  it("of choices are evaluated once, and single-token choices cost nothing more", async () => {
    const prompts = { plain: { prompt: "the", choices: ["old", "new", "big"] } };
    const path = writeTask({ ...PLAIN_TASK, prompts, answer: "old" });
    const { scores } = await evaluate([model("base")], [path], {
      data: data(),
      limit: 1,
      cache: newFolder(),
      backend: { ...llama, sequences: 1 },
    });
    // <s> and "the": " old", " new" and " big" are one token each, which nothing follows.
    expect(scores[0]).toMatchObject({ evaluatedTokens: 2, requestedTokens: 6 });
  });

  it("change no number: one sequence or several", async () => {
    const outs = [newFolder(), newFolder()];
    for (const [i, sequences] of [1, 5].entries())
      await run(["ct-x"], [task("rs")], {
        languages: ["X"],
        limit: 12,
        out: outs[i],
        backend: { ...llama, sequences },
      });
    const [one = [], several = []] = outs.map((out) => predictionsIn(out));
    for (const [i, { scores = [] }] of one.entries())
      for (const [c, score] of scores.entries())
        expect(Math.abs((score as number) - (several[i]?.scores?.[c] as number))).toBeLessThan(1e-3);
  });
});

function predictionsIn(out: string): Prediction[] {
  const folder = join(out, "predictions");
  const [name] = readdirSync(folder);
  return readFileSync(join(folder, name as string), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("answers", () => {
  const options = (cache: string) => ({ languages: ["X"], limit: 10, cache });

  it("are kept: a second run asks nothing, a longer one only for what is new", async () => {
    const cache = newFolder();
    const first = await run(["ct-x"], [task("tc")], options(cache));
    expect(first.scores[0]).toMatchObject({ cachedRows: 0 });
    const again = await run(["ct-x"], [task("tc")], options(cache));
    expect(again.scores[0]).toMatchObject({
      cachedRows: 10,
      evaluatedTokens: 0,
      value: first.scores[0]?.value,
    });
    const longer = await run(["ct-x"], [task("tc")], { ...options(cache), limit: 12 });
    expect(longer.scores[0]).toMatchObject({ cachedRows: 10, rows: 12 });
    expect(readdirSync(join(cache, "gguf"))).toEqual([]);
  });

  it("are not shared between models, nor between settings of the backend", async () => {
    const cache = newFolder();
    await run(["ct-x"], [task("tc")], options(cache));
    expect((await run(["base"], [task("tc")], options(cache))).scores[0]?.cachedRows).toBe(0);
    const other = { ...options(cache), backend: { ...llama, type: "q8_0" as const } };
    expect((await run(["ct-x"], [task("tc")], other)).scores[0]?.cachedRows).toBe(0);
  });

  it("survive a run that was killed while it wrote", async () => {
    const cache = newFolder();
    await run(["ct-x"], [task("tc")], options(cache));
    const [name] = readdirSync(cache).filter((entry) => entry.endsWith(".jsonl"));
    const path = join(cache, name as string);
    const text = readFileSync(path, "utf8");
    truncateSync(path, Buffer.byteLength(text) - 20);
    const again = await run(["ct-x"], [task("tc")], options(cache));
    expect(again.scores[0]).toMatchObject({ cachedRows: 9, rows: 10 });
    expect(readFileSync(path, "utf8")).toBe(text);
    appendFileSync(path, '{"request":');
    expect((await run(["ct-x"], [task("tc")], options(cache))).scores[0]?.cachedRows).toBe(10);
  });

  it("are scored again without the model when the rule changes", async () => {
    const cache = newFolder();
    const math = parse(readFileSync(task("math"), "utf8"));
    const before = await run(["sft"], [task("math")], { languages: ["A"], limit: 8, cache });
    math.scoring.extract = { pattern: "never", take: "first", compare: "text" };
    const changed = writeTask(stringify(math));
    const after = await run(["sft"], [changed], { languages: ["A"], limit: 8, cache });
    expect(before.scores[0]).toMatchObject({ value: 1 });
    expect(after.scores[0]).toMatchObject({ value: 0, cachedRows: 8, evaluatedTokens: 0 });
  });

  it("go on after an interruption", async () => {
    const cache = newFolder();
    const controller = new AbortController();
    const interrupted = run(["ct-x"], [task("rs")], {
      ...options(cache),
      signal: controller.signal,
      backend: { ...llama, sequences: 1 },
      onProgress: ({ doneRows }) => {
        if (doneRows === 4) controller.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect((await run(["ct-x"], [task("rs")], options(cache))).scores[0]).toMatchObject({
      cachedRows: 4,
      rows: 10,
    });
  });
});

describe("results", () => {
  it("compare models on the same rows, and are written with every prediction", async () => {
    const out = newFolder();
    const results = await run(["base", "sft"], [task("tc"), task("math")], {
      languages: ["A"],
      limit: 30,
      out,
    });
    expect(results.comparisons).toMatchObject([
      { first: "sft", second: "base", task: "tinylang-tc" },
      { first: "sft", second: "base", task: "tinylang-math", difference: 1, pValue: 0 },
    ]);
    expect(JSON.parse(readFileSync(join(out, "results.json"), "utf8"))).toEqual(results);
    const lines = readFileSync(join(out, "predictions/sft.tinylang-math.A.test.jsonl"), "utf8")
      .trim()
      .split("\n");
    const [first] = lines.map((line) => JSON.parse(line) as Prediction);
    expect(lines).toHaveLength(30);
    expect(first).toMatchObject({
      row: 1,
      correct: true,
      gold: "1",
      chosen: "1",
      text: " 1",
      ended: "end",
      unparsableAt: null,
    });
    expect(Buffer.from(first?.bytes ?? "", "base64").toString()).toBe(" 1");
  });

  it("are scored again from the file alone", async () => {
    const out = newFolder();
    const { scores } = await run(["ct-x"], [task("rs"), task("math")], { languages: ["X"], limit: 20, out });
    const file = (name: string) => join(out, `predictions/ct-x.tinylang-${name}.X.test.jsonl`);
    const { by, value, correct } = scores[0] ?? {};
    expect(rescore(file("rs"), task("rs"))).toMatchObject({ by, value, correct });
    const plain = parse(readFileSync(task("rs"), "utf8"));
    plain.scoring.normalize = "none";
    expect(rescore(file("rs"), writeTask(stringify(plain))).value).toBe(by?.none);
    expect(rescore(file("math"), task("math")).predictions).toEqual(
      readFileSync(file("math"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
    expect(() => rescore(file("math"), task("rs"))).toThrow(/by log-likelihood .* row 1 has a text/);
    expect(() => rescore(join(out, "none.jsonl"), task("rs"))).toThrow(/a file of predictions/);
  });

  it("count outputs that are no UTF-8, by their bytes", async () => {
    // Y is written in characters of three byte tokens each: a limit of tokens cuts them, an early end breaks them.
    const text = JSON.parse(readFileSync(join(TINYLANG, "data/Y/rs.test.json"), "utf8"))[0].context[0];
    const data = dataFolder({ "A.jsonl": `${JSON.stringify({ text: text.slice(0, 2), label: "x" })}\n` });
    const scoring = { method: "generation", maxTokens: 20, stop: [], extract: {} };
    const path = writeTask({ ...PLAIN_TASK, prompts: { plain: { prompt: "{{ text }}" } }, scoring });
    const { scores } = await evaluate([model("base"), model("ct-y")], [path], {
      data,
      cache: newFolder(),
      backend: llama,
    });
    for (const { unparsable } of scores) expect(unparsable).toMatchObject({ count: expect.any(Number) });
    expect(scores[1]?.unparsable).toMatchObject({ count: 0, medianFirstByte: null });
  });
});

describe("an evaluation is refused before a model runs", () => {
  it("for prompts longer than the model's context, naming the row", async () => {
    const lines = ["short", "the old moon ".repeat(100)].map((text) =>
      JSON.stringify({ text, label: "red" }),
    );
    const data = dataFolder({ "A.jsonl": `${lines.join("\n")}\n` });
    const cache = newFolder();
    const running = evaluate([model("base")], [writeTask(PLAIN_TASK)], { data, cache, backend: llama });
    await expect(running).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringMatching(/at most 256 tokens.*number 2 has \d+/),
    });
  });

  it("for a model that is not there, no task, no model, another backend", async () => {
    const data = dataFolder({ "A.jsonl": '{"text":"x","label":"red"}\n' });
    const path = writeTask(PLAIN_TASK);
    const options = { data, cache: newFolder(), backend: llama };
    await expect(evaluate([join(TINYLANG, "models/bsae")], [path], options)).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
    });
    await expect(evaluate([model("base")], [], options)).rejects.toMatchObject({ code: "USAGE" });
    await expect(evaluate([], [path], options)).rejects.toMatchObject({ code: "USAGE" });
    const backend = { kind: "lama" } as unknown as typeof llama;
    await expect(evaluate([model("base")], [path], { ...options, backend })).rejects.toThrow(
      /did you mean llama\?/,
    );
    expect(existsSync(join(options.cache, "gguf"))).toBe(false);
  });

  it("for a GGUF file that is none", async () => {
    const data = dataFolder({ "A.jsonl": '{"text":"x","label":"red"}\n' });
    const broken = join(newFolder(), "broken.gguf");
    writeFileSync(broken, "GGUF");
    const running = evaluate([broken], [writeTask(PLAIN_TASK)], { data, cache: newFolder(), backend: llama });
    await expect(running).rejects.toMatchObject({
      code: "BACKEND_FAILED",
      message: expect.stringMatching(/broken\.gguf/),
    });
  });
});
