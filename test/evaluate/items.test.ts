/** Prompts as the model sees them, with examples and right answers, in the paper's scripts. */
import { describe, expect, it } from "vitest";
import { type Item, makeItems } from "../../src/evaluate/items.ts";
import { findTask } from "../../src/evaluate/read-task.ts";
import { selectTasks } from "../../src/evaluate/selection.ts";
import type { SplitRow } from "../../src/evaluate/splits.ts";
import { A, dataFolder, PLAIN_TASK, taskOf, writeTask } from "./task-builder.ts";

const rows = (list: readonly Record<string, unknown>[]): SplitRow[] =>
  list.map((fields, index) => ({ row: index + 1, key: String(index + 1), file: "data", fields }));
const options = { prompt: "plain", shots: undefined, limit: undefined };
const context = (item: Item | undefined) => item?.request.context;

describe("makeItems", () => {
  const data = rows([
    { text: "བོད་ཡིག", label: "red" },
    { text: "ئۇيغۇر", label: "blue" },
    { text: "தமிழ்", label: "red" },
  ]);

  it("renders prompts and finds the right choice", () => {
    const items = makeItems(taskOf(), A, data, [], options);
    expect(items.map(context)).toEqual([
      "Text: བོད་ཡིག\nColour:",
      "Text: ئۇيغۇر\nColour:",
      "Text: தமிழ்\nColour:",
    ]);
    expect(items.map(({ goldIndex }) => goldIndex)).toEqual([0, 1, 0]);
    expect(items[0]?.request).toMatchObject({ kind: "rank", choices: [" red", " blue"] });
  });

  it("puts examples before each row, never the row itself", () => {
    const file = taskOf({ shots: { count: 1 } });
    expect(makeItems(file, A, data.slice(0, 2), data, options).map(context)).toEqual([
      "Text: ئۇيغۇر\nColour: blue\n\nText: བོད་ཡིག\nColour:",
      "Text: བོད་ཡིག\nColour: red\n\nText: ئۇيغۇر\nColour:",
    ]);
  });

  it("takes one example of each answer where the task says so", () => {
    const file = taskOf({ shots: { onePerAnswer: true } });
    const [first] = makeItems(
      file,
      A,
      rows([{ text: "x", label: "red" }]),
      [
        { ...data[0], key: "a" },
        { ...data[1], key: "b" },
        { ...data[2], key: "c" },
      ] as SplitRow[],
      options,
    );
    expect(context(first)).toBe("Text: བོད་ཡིག\nColour: red\n\nText: ئۇيغۇر\nColour: blue\n\nText: x\nColour:");
  });

  it("hashes what is asked: another limit changes nothing, another prompt does", () => {
    const all = makeItems(taskOf(), A, data, [], options);
    const one = makeItems(taskOf(), A, data, [], { ...options, limit: 1 });
    const other = makeItems(taskOf({ delimiter: "" }), A, data, [], options);
    expect(one.map(({ requestHash }) => requestHash)).toEqual([all[0]?.requestHash]);
    expect(other[0]?.requestHash).not.toBe(all[0]?.requestHash);
  });

  it("refuses an answer that is no choice, too few examples, an unknown prompt", () => {
    const wrong = rows([{ text: "x", label: "green" }]);
    expect(() => makeItems(taskOf(), A, wrong, [], options)).toThrow(/row 1 of colours \(A\).*"green"/);
    expect(() => makeItems(taskOf(), A, data, data, { ...options, shots: 3 })).toThrow(
      /Expected 3 examples .* has 2/,
    );
    expect(() => makeItems(taskOf(), A, data, [], { ...options, prompt: "plian" })).toThrow(
      /did you mean plain\?/,
    );
  });
});

describe("the prompts of", () => {
  const language = { code: "bod", name: "Tibetan", words: { chinese: "藏语", question: "ప్రశ్న: " } };
  const one = (name: string, prompt: string, fields: Record<string, unknown>, examples: SplitRow[] = []) =>
    makeItems(findTask(name), language, rows([fields]), examples, {
      prompt,
      shots: examples.length,
      limit: undefined,
    })[0] as Item;

  it("SIB-200 list the topics and rank them", () => {
    const item = one("sib200", "english", { id: 1, text: "ཞི་མི།", category: "sports" });
    expect(context(item)).toMatch(
      /^The topic of a text is one of science\/technology, travel, .*\n\nText: ཞི་མི།\nTopic:$/,
    );
    expect([item.choices.length, item.goldIndex]).toEqual([7, 3]);
  });

  it("Belebele are those of lm-evaluation-harness", () => {
    const fields = {
      passage: "p",
      question: " q? ",
      a: "1",
      b: "2",
      c: "3",
      d: "4",
      correct: "3",
      link: "l",
      number: 1,
    };
    const item = one("belebele", "english", fields);
    expect(context(item)).toBe("P: p\nQ: q?\nA: 1\nB: 2\nC: 3\nD: 4\nAnswer:");
    expect([item.choices, item.goldIndex]).toEqual([["A", "B", "C", "D"], 2]);
  });

  it("MGSM ask in the language", () => {
    const item = one("mgsm", "native", { question: "2 + 2?", number: "4" });
    expect(context(item)).toBe("ప్రశ్న: 2 + 2?\nAnswer:");
    expect(item.request).toMatchObject({ kind: "generate", maxTokens: 256 });
  });

  it("MLiC-Eval name the language, cut long texts and list the labels in order", () => {
    const fields = { id: 1, text: "ས".repeat(600), label: "Sports", label_zh: "体育" };
    const example = {
      row: 9,
      key: "9",
      file: "train",
      fields: { id: 2, text: "b", label: "Arts", label_zh: "艺术" },
    };
    const item = one("mlic-tc", "english", fields, [example]);
    expect(context(item)).toBe(
      "Please classify the following Tibetan text into one of the candidate labels.\n\n" +
        "Text: b\nCandidate labels: Arts, Sports\nAnswer: Arts\n\n" +
        `Text: ${"ས".repeat(512)}\nCandidate labels: Arts, Sports\nAnswer:`,
    );
    const chinese = one("mlic-tc", "chinese", fields, [example]);
    expect(context(chinese)).toMatch(/^请把下面的藏语文本.*\n\n文本：b\n候选标签：体育、艺术\n答案： 艺术/);
    expect(chinese.goldText).toBe("体育");
  });

  it("MLiC-Eval's dialogues show lettered options", () => {
    const fields = { id: 1, context: ["ᠰᠠᠶᠢᠨ", "b"], question: "q", options: ["x", "y"], correct: "B" };
    expect(context(one("mlic-mrc", "english", fields))).toMatch(
      /Context:\nᠰᠠᠶᠢᠨ\nb\nQuestion: q\nOptions:\nA\. x\nB\. y\nAnswer:$/,
    );
    expect(context(one("mlic-rs", "chinese", fields))).toMatch(
      /对话：\nᠰᠠᠶᠢᠨ\nb\n选项：\nA\. x\nB\. y\n答案：$/,
    );
  });

  it("MLiC-Eval's sums show the steps of the examples", () => {
    const example = {
      row: 9,
      key: "9",
      file: "train",
      fields: { id: 2, question: "1+1", number: 2, steps: "1+1=2.", steps_zh: "" },
    };
    const item = one("mlic-math", "english", { id: 1, question: "3+4", number: 7, steps: "", steps_zh: "" }, [
      example,
    ]);
    expect(context(item)).toMatch(
      /Problem: 1\+1\nStep-by-step solution: 1\+1=2\. Answer: 2\.\n\nProblem: 3\+4\nStep-by-step solution:$/,
    );
  });
});

describe("selectTasks", () => {
  const task = writeTask({ ...PLAIN_TASK, languages: { A: { name: "A" }, B: { name: "B" } } });

  it("wants a language where a task has several, and names the nearest", async () => {
    const data = dataFolder({
      "A.jsonl": '{"text":"x","label":"red"}\n',
      "B.jsonl": '{"text":"x","label":"red"}\n',
    });
    await expect(selectTasks([task], { data })).rejects.toMatchObject({ code: "USAGE" });
    await expect(selectTasks(["sib200:tan"], { data })).rejects.toThrow(/did you mean tam\?/);
    await expect(selectTasks([], { data })).rejects.toMatchObject({ code: "USAGE" });
    const both = await selectTasks([task], { data, languages: ["A", "B"] });
    expect(both.map(({ facts }) => facts.language)).toEqual(["A", "B"]);
    expect((await selectTasks([`${task}:B`], { data })).map(({ facts }) => facts.language)).toEqual(["B"]);
  });
});
