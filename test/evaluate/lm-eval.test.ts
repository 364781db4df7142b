/** lm-evaluation-harness: a recorded results file is read, the command is called as it wants to be, failures are told. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateWithHarness } from "../../src/evaluate/lm-eval.ts";
import { readHarnessResults } from "../../src/evaluate/lm-eval-results.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { newFolder } from "./task-builder.ts";

const RECORDED = join(import.meta.dirname, "lm-eval-results.json");
const MODEL = join(TINYLANG, "models/ct-x");

/** An executable that takes the harness's words. */
function standIn(body: string): string {
  const path = join(newFolder(), "lm_eval");
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("readHarnessResults", () => {
  it("maps a recorded file: metrics, errors, counts", () => {
    const { tasks, scores } = readHarnessResults(JSON.parse(readFileSync(RECORDED, "utf8")), RECORDED, "m");
    expect(tasks.map(({ task, metric, rows }) => [task, metric, rows])).toEqual([
      ["toy_sib_x", "accuracy", 20],
      ["toy_math_x", "exact match", 20],
    ]);
    expect(scores[0]).toMatchObject({ value: 0.2, correct: 4, by: { none: 0.2, characters: 0.1 } });
    expect(scores[0]?.standardError).toBe(0.09176629354822471);
    expect(scores[1]).toMatchObject({ value: 0, standardError: 0 });
  });

  it("finds the language in the task's name", () => {
    const { tasks } = readHarnessResults({ results: { belebele_tam_Taml: { "acc,none": 0.3 } } }, "x", "m");
    expect(tasks[0]?.language).toBe("tam_Taml");
  });

  it("refuses what is no results file", () => {
    expect(() => readHarnessResults({}, "x.json", "m")).toThrow(/no "results"/);
    expect(() => readHarnessResults({ results: { a: { "bleu,none": 1 } } }, "x.json", "m")).toThrow(
      /found a/,
    );
  });
});

describe("evaluateWithHarness", () => {
  it("calls the command with model, tasks, limit and examples, and reads what it writes", async () => {
    const seen = join(newFolder(), "words");
    const command = standIn(
      `echo "$@" > ${seen}\nwhile [ "$1" != --output_path ]; do shift; done\nmkdir -p "$2/m" && cp ${RECORDED} "$2/m/results_2026.json"`,
    );
    const results = await evaluateWithHarness([MODEL], ["toy_sib_x", "toy_math_x"], {
      command,
      limit: 20,
      shots: 2,
    });
    const words = readFileSync(seen, "utf8");
    expect(words).toMatch(
      `--model hf --model_args pretrained=${MODEL},dtype=float32 --tasks toy_sib_x,toy_math_x --output_path`,
    );
    expect(words).toMatch("--limit 20 --num_fewshot 2");
    expect(results.averages.at(-1)).toMatchObject({ model: "ct-x", language: null, value: 0.1 });
    expect(results.backend).toEqual({ backend: "lm-eval", command });
  });

  it("tells how to install a missing command", async () => {
    const running = evaluateWithHarness([MODEL], ["x"], { command: "no-such-lm-eval" });
    await expect(running).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/not installed; install it with: pip install "lm_eval\[hf\]"/),
    });
  });

  it("tells the last words of a command that fails, and misses results", async () => {
    const failing = standIn("echo 'Tasks not found: xy' >&2; exit 1");
    await expect(evaluateWithHarness([MODEL], ["xy"], { command: failing })).rejects.toMatchObject({
      code: "BACKEND_FAILED",
      message: expect.stringMatching(/exit code 1: Tasks not found: xy/),
    });
    await expect(evaluateWithHarness([MODEL], ["xy"], { command: standIn("exit 0") })).rejects.toThrow(
      /results_\*\.json/,
    );
  });

  it("is interrupted by its signal", async () => {
    const controller = new AbortController();
    const running = evaluateWithHarness([MODEL], ["x"], {
      command: standIn("exec sleep 30"),
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 100);
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
