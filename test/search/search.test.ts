/** Whole searches on the small languages, with few rows. */
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type EvaluationResults,
  evaluate,
  merge,
  readSearch,
  type SearchOptions,
  search,
  searchCsv,
} from "tiesmith";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { firstRows } from "../../src/search/tuning-rows.ts";
import { newFolder } from "../evaluate/task-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { model, SMALL, TIES, task, WAVG, writeSpec } from "./search-builder.ts";

const backend = { kind: "llama", threads: 1 } as const;

function run(spec: object | string, options: SearchOptions = {}) {
  const out = newFolder();
  return search(spec as string, { out, temporary: newFolder(), backend, threads: 1, ...options });
}

const trialsIn = (out: string) =>
  readFileSync(join(out, "journal.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === "trial");

describe("a grid", () => {
  it("finds what a loop over merge and evaluate finds, with the same scores and the same model", async () => {
    const [tc, rate] = [task("tc"), task("rate")];
    const rows = 8;
    const results = await run({ ...SMALL, tasks: [tc, rate], rows });
    const expected: { k: number; lambda: number; average: number; scores: EvaluationResults["scores"] }[] =
      [];
    for (const k of [0.2, 1])
      for (const lambda of [1, 1.5]) {
        const [ct, sft] = TIES.models;
        const models = [{ ...ct, parameters: { weight: 1, density: k } }, sft] as typeof TIES.models;
        const out = join(newFolder(), "merged");
        await merge({ ...TIES, models, parameters: { lambda } }, { out, threads: 1 });
        const data = join(TINYLANG, "data");
        const predictions = newFolder();
        const { scores } = await evaluate([out], [tc, rate], {
          ...{ data, split: "dev", cache: newFolder(), backend, out: predictions },
        });
        expected.push({ k, lambda, average: 0, scores });
        // The search takes the rows whose hash of seed and key is smallest.
        const right = ["tc", "rate"].map((name) => {
          const file = readdirSync(join(predictions, "predictions")).find((own) => own.includes(`-${name}.`));
          const lines = readFileSync(join(predictions, "predictions", file as string), "utf8")
            .trim()
            .split("\n");
          const items = lines.map((line) => JSON.parse(line));
          const chosen = firstRows({ items, facts: {} } as never, 1, rows).items as unknown as typeof items;
          return chosen.filter(({ correct }) => correct).length / rows;
        });
        (expected.at(-1) as { average: number }).average = ((right[0] ?? 0) + (right[1] ?? 0)) / 2;
      }
    expect(
      results.trials.map(({ parameters, objective }) => ({ ...parameters, average: objective })),
    ).toEqual(expected.map(({ k, lambda, average }) => ({ k_ct: k, lambda, average })));
    const best = expected.reduce((most, own) => (own.average > most.average ? own : most));
    expect(results.winners[0]).toMatchObject({
      method: "ties",
      parameters: { k_ct: best.k, lambda: best.lambda },
      objective: best.average,
    });
    // The recipe to paste gives the candidate that was scored.
    const out = join(newFolder(), "ties.gguf");
    const recipe = parse(results.winners[0]?.recipe as string);
    await merge(recipe, { out, threads: 1, format: "gguf", type: "f32" });
    const { models } = await evaluate([out], [rate], {
      ...{ data: join(TINYLANG, "data"), split: "dev", limit: 1, cache: newFolder(), backend },
    });
    const won = results.trials.find(({ id }) => id === results.winners[0]?.trial);
    expect(models[0]?.hash).toBe(won?.modelHash);
  });

  it("is complete with times, rows and costs, and leaves no candidate behind", async () => {
    const [out, temporary] = [newFolder(), newFolder()];
    const results = await run(SMALL, { out, temporary });
    expect(results).toMatchObject({ complete: true, best: "ties", test: null, strategy: "grid" });
    expect(results.trials.map(({ id, status, rows }) => [id, status, rows])).toEqual(
      [0, 1, 2, 3].map((number) => [`ties-${number}`, "done", 4]),
    );
    expect(results.tunedOn).toMatchObject([{ task: "tinylang-rate", language: "X", split: "dev", rows: 4 }]);
    expect(results.cost).toMatchObject({ trials: 4, evaluatedRows: 16 });
    expect(results.cost.mergeShare).toBeCloseTo(
      results.cost.mergeSeconds / (results.cost.mergeSeconds + results.cost.evaluateSeconds),
      12,
    );
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(out).sort()).toEqual(["claims", "journal.jsonl", "results.json"]);
    expect(JSON.parse(readFileSync(join(out, "results.json"), "utf8"))).toEqual(results);
    expect(await readSearch(out)).toEqual(results);
  });

  it("that is there is read, not run; its spec must be the same", async () => {
    const out = newFolder();
    const first = await run(SMALL, { out });
    const journal = readFileSync(join(out, "journal.jsonl"));
    expect(await run(SMALL, { out })).toEqual(first);
    expect(readFileSync(join(out, "journal.jsonl"))).toEqual(journal);
    const other = { ...SMALL, space: { ...SMALL.space, lambda: [1] } };
    await expect(run(other, { out })).rejects.toMatchObject({ code: "RESUME_MISMATCH" });
    expect((await run(other, { out, restart: true })).trials).toHaveLength(2);
  });
});

describe("methods", () => {
  it("are compared: each winner once on the test rows, beside the unmerged models", async () => {
    const methods = {
      wavg: { recipe: WAVG, space: { w: [0.5, 1] } },
      ties: { recipe: TIES, space: { k_ct: [0.2], lambda: [1, 1.5] } },
    };
    const final = { models: [model("sft"), model("ct-x")], tasks: [task("tc", "A")] };
    // Few test rows are enough.
    const data = newFolder();
    const results = await run({ ...SMALL, methods, space: {}, final, data: fewRows(data) });
    expect(results.winners.map(({ method }) => method)).toEqual(["wavg", "ties"]);
    expect(results.testedModels.map(({ name, kind, method }) => [name, kind, method])).toEqual([
      ["sft", "unmerged", null],
      ["ct-x", "unmerged", null],
      ["wavg", "winner", "wavg"],
      ["ties", "winner", "ties"],
    ]);
    expect(results.testedModels.filter(({ isBest }) => isBest).map(({ method }) => method)).toEqual([
      results.best,
    ]);
    expect(results.test?.tasks.map(({ task: name, split }) => [name, split])).toEqual([
      ["tinylang-rate", "test"],
      ["tinylang-tc", "test"],
    ]);
    expect(results.test?.scores).toHaveLength(8);
    // The unmerged models are scored as evaluate scores them.
    const { scores } = await evaluate([model("sft")], [task("rate"), task("tc", "A")], {
      ...{ data, cache: newFolder(), backend },
    });
    expect(results.test?.scores.slice(0, 2).map(({ correct }) => correct)).toEqual(
      scores.map(({ correct }) => correct),
    );
  });

  it("come from recipe files beside the spec, whose models are found from there", async () => {
    const relative = JSON.parse(JSON.stringify(TIES).replaceAll(`${TINYLANG}/models/`, "link/"));
    const spec = writeSpec(
      { ...SMALL, methods: { ties: "ties.yaml" }, space: { k_ct: [1], lambda: [1] } },
      { "ties.yaml": relative },
    );
    symlinkSync(join(TINYLANG, "models"), join(spec, "..", "link"));
    const results = await run(spec);
    expect(results.trials).toMatchObject([{ status: "done" }]);
    expect(results.methods[0]?.folder).toBe(join(spec, ".."));
  });
});

/** The small languages with six test rows a task. */
function fewRows(folder: string): string {
  cpSync(join(TINYLANG, "data"), folder, { recursive: true });
  for (const path of ["X/rate.test.jsonl", "A/tc.test.tsv"]) {
    const lines = readFileSync(join(folder, path), "utf8").split("\n");
    writeFileSync(join(folder, path), `${lines.slice(0, 6).join("\n")}\n`);
  }
  return folder;
}

describe("halving", () => {
  it("scores all on few rows, the best on more, and answers no row twice", async () => {
    const space = { k_ct: [0.01, 0.2, 0.6, 1], lambda: [1] };
    const results = await run({ ...SMALL, space, rows: 8, halving: { rows: 2, factor: 2 } });
    // Four on 2 rows, two on 4, one on 8.
    expect(results.trials.map(({ rows }) => rows).sort()).toEqual([2, 2, 4, 8]);
    expect(results.trials.filter(({ status }) => status === "dropped")).toHaveLength(3);
    expect(results.complete).toBe(true);
    expect(results.cost.evaluatedRows).toBe(4 * 2 + 2 * 2 + 4);
    expect(results.winners).toHaveLength(1);
  });
});

describe.each(["tpe", "cma"])("the strategy %s", (strategy) => {
  it("runs its trials, gives the same again, and goes on when more are asked for", async () => {
    const space = { k_ct: { from: 0.1, to: 1 }, lambda: [1] };
    const spec = { ...SMALL, space, strategy, trials: 2, rows: 1, tasks: [task("rate")] };
    const out = newFolder();
    const first = await run(spec, { out });
    expect(first.trials).toHaveLength(2);
    const more = await run({ ...spec, trials: 3 }, { out });
    expect(more.trials.slice(0, 2)).toEqual(first.trials);
    expect(more).toMatchObject({ complete: true, trials: { length: 3 } });
    const again = await run({ ...spec, trials: 3 });
    expect(again.trials.map(({ parameters, objective }) => [parameters, objective])).toEqual(
      more.trials.map(({ parameters, objective }) => [parameters, objective]),
    );
  });
});

describe("a candidate that fails", () => {
  // Half precision ends at 65,504.
  const methods = { ties: { recipe: { ...TIES, dtype: "float16" } } };

  it("has no score, and the others go on", async () => {
    const results = await run({ ...SMALL, methods, space: { k_ct: [1], lambda: [1, 1e8] } });
    expect(results.trials.map(({ status }) => status)).toEqual(["done", "failed"]);
    expect(results.trials[1]).toMatchObject({
      objective: null,
      error: expect.stringMatching(/float16|F16|65504/),
    });
    expect(results).toMatchObject({ complete: true, winners: { length: 1 } });
  });

  it("leaves no winner when all do", async () => {
    const temporary = newFolder();
    await expect(
      run({ ...SMALL, methods, space: { k_ct: [1], lambda: [1e8] }, final: {} }, { temporary }),
    ).rejects.toThrow(/Expected a candidate with a score, but all 1 failed: /);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe("a listener", () => {
  it("hears of every trial once, as a function or as a command", async () => {
    const heard: string[] = [];
    const small = { ...SMALL, rows: 1 };
    const results = await run(small, { onTrial: ({ id }) => void heard.push(id) });
    expect(heard).toEqual(results.trials.map(({ id }) => id));
    const log = join(newFolder(), "log");
    await run(small, { onTrial: `cat >> ${log}; echo $TIESMITH_TRIAL $TIESMITH_OBJECTIVE >> ${log}` });
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).toHaveLength(8);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      id: "ties-0",
      parameters: { k_ct: 0.2, lambda: 1 },
    });
    expect(lines[1]).toBe(`ties-0 ${results.trials[0]?.objective}`);
  });

  it("that fails ends nothing, and is told", async () => {
    const notes: string[] = [];
    const one = { ...SMALL, space: { k_ct: [1], lambda: [1] }, rows: 1 };
    const results = await run(one, { onTrial: "exit 3", onNote: (note) => void notes.push(note) });
    expect(results.complete).toBe(true);
    expect(notes).toEqual(["--on-trial failed for ties-0: the command ended with exit code 3"]);
  });
});

describe("an interrupted search", () => {
  it("goes on where it was", async () => {
    const [out, temporary] = [newFolder(), newFolder()];
    const controller = new AbortController();
    const stopped = run(SMALL, {
      ...{ out, temporary, signal: controller.signal },
      onTrial: ({ number }) => {
        if (number === 1) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED", message: expect.stringMatching(out) });
    expect(readdirSync(temporary)).toEqual([]);
    expect(await readSearch(out)).toMatchObject({ complete: false, trials: { length: 2 } });
    expect((await run(SMALL, { out })).trials).toHaveLength(4);
    expect(trialsIn(out)).toHaveLength(4);
  });
});

it("trials are exported as CSV, each with its variables and scores", async () => {
  const results = await run({ ...SMALL, rows: 2 });
  const [head, first, ...others] = (await searchCsv(results)).trim().split("\r\n");
  expect(head).toMatch(/^trial,method,status,k_ct,lambda,objective,tinylang-rate:X,rows,merge_seconds,/);
  const { objective } = results.trials[0] as { objective: number };
  expect(first).toMatch(new RegExp(`^ties-0,ties,done,0.2,1,${objective},${objective},2,`));
  expect(others).toHaveLength(3);
});

it("what is hashed is the recipe that was merged", async () => {
  const results = await run({ ...SMALL, space: { k_ct: [1], lambda: [1] }, rows: 1 });
  const recipe = results.winners[0]?.recipe as string;
  expect(results.trials[0]?.recipeHash).toBe(createHash("sha256").update(recipe).digest("hex"));
});
