/** Every shipped task in every language of the paper, on rows of our own, in its script, with known answers. */
import { describe, expect, it } from "vitest";
import type { ModelAnswer } from "../../src/evaluate/backend.ts";
import { type Item, makeItems } from "../../src/evaluate/items.ts";
import { findTask, shippedTasks } from "../../src/evaluate/read-task.ts";
import { scoreAnswer } from "../../src/evaluate/scoring.ts";
import { languageOf } from "../../src/evaluate/selection.ts";
import type { SplitRow } from "../../src/evaluate/splits.ts";

/** A word or two, written for this test. */
const TEXTS: Readonly<Record<string, string>> = {
  tam: "நல்ல நாள்",
  tel: "మంచి రోజు",
  ory: "ଭଲ ଦିନ",
  ben: "ভালো দিন",
  bod: "ཉིན་མོ་བཟང་པོ།",
  uig: "ياخشى كۈن",
  kaz: "جاقسى كۇن",
  mvf: "ᠰᠠᠶᠢᠨ ᠡᠳᠦᠷ",
};

/** Two rows of a task around a text; the answers are the second choice, and 12. */
function rowsOf(task: string, text: string): SplitRow[] {
  const options = [`${text} 1`, `${text} 2`, `${text} 3`, `${text} 4`];
  const fields: Readonly<Record<string, Record<string, unknown>>> = {
    sib200: { id: 1, text, category: "travel" },
    belebele: {
      passage: text,
      question: text,
      a: "1",
      b: "2",
      c: "3",
      d: "4",
      correct: 2,
      link: "x",
      number: 1,
    },
    mgsm: { question: text, number: "12" },
    "mlic-tc": { id: 1, text, label: "Travel", label_zh: "旅游" },
    "mlic-mrc": { id: 1, context: [text, text], question: text, options, correct: "B" },
    "mlic-rs": { id: 1, context: [text, text], options, correct: "B" },
    "mlic-math": { id: 1, question: text, number: 12, steps: text, steps_zh: text },
  };
  return [1, 2].map((row) => ({
    row,
    key: String(row),
    file: "rows",
    fields: fields[task] as Record<string, unknown>,
  }));
}

/** What a model says that knows, and what one says that does not. */
function answersTo(item: Item): [right: ModelAnswer, wrong: ModelAnswer] {
  if (item.goldIndex !== null) {
    const ranked = (best: number) => ({
      logLikelihoods: item.choices.map((_, i) => (i === best ? -1 : -200)),
    });
    return [ranked(item.goldIndex), ranked(item.goldIndex === 0 ? 1 : 0)];
  }
  const said = (text: string) => ({
    text,
    bytes: Buffer.from(text).toString("base64"),
    ended: "stop" as const,
  });
  const isNumber = /^\d+$/.test(item.goldText);
  return isNumber
    ? [said(` 5 + 7 = ${item.goldText}.`), said(" 13")]
    : [said(` ${item.goldText.toUpperCase()}`), said(" D")];
}

describe.each([...shippedTasks().values()].map(({ task }) => task.task))("%s", (name) => {
  const { task } = findTask(name);
  const codes = Object.keys(task.languages).filter((code) => code in TEXTS);

  it("covers languages of the paper", () => {
    expect(codes.length).toBeGreaterThanOrEqual(2);
  });

  it.each(codes.flatMap((code) => Object.keys(task.prompts).map((prompt) => [code, prompt])))(
    "in %s with the %s prompts",
    (code = "", prompt = "") => {
      const text = TEXTS[code] as string;
      const rows = rowsOf(name, text);
      const items = makeItems(findTask(name), languageOf(task, code), rows, [], {
        prompt,
        shots: 0,
        limit: undefined,
      });
      for (const item of items) {
        expect(item.request.context).toContain(text);
        const [right, wrong] = answersTo(item);
        expect(scoreAnswer(item, right, task.scoring)).toMatchObject({ correct: true });
        expect(scoreAnswer(item, wrong, task.scoring)).toMatchObject({ correct: false });
      }
    },
  );
});
