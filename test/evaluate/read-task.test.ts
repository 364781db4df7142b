/** Task files: the shipped ones are right, broken ones are refused with file and line. */
import { describe, expect, it } from "vitest";
import { findTask, readTask, shippedTasks } from "../../src/evaluate/read-task.ts";
import { languageOf } from "../../src/evaluate/selection.ts";
import { PLAIN_TASK, writeTask } from "./task-builder.ts";

function refusal(content: object | string): { code: string; message: string } {
  try {
    readTask(writeTask(content));
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("nothing was refused");
}

describe("the shipped tasks", () => {
  it("are the seven of the paper, with what its Table 6 counts", () => {
    const tasks = shippedTasks();
    const counts = [...tasks].map(([name, { task }]) => [
      name,
      task.column,
      task.paperRows.dev,
      task.paperRows.test,
    ]);
    expect(counts).toEqual([
      ["belebele", "Belebele", 180, 720],
      ["mgsm", "MGSM", 50, 200],
      ["mlic-math", "Math", 20, 200],
      ["mlic-mrc", "MRC", 20, 200],
      ["mlic-rs", "RS", 40, 407],
      ["mlic-tc", "TC", 48, 504],
      ["sib200", "SIB-200", 51, 204],
    ]);
    for (const { task } of tasks.values()) {
      expect(task.source).toMatch(/^https:/);
      expect(task.licence).toBeTruthy();
    }
  });

  it("have prompts in Chinese where MLiC-Eval has them", () => {
    for (const name of ["mlic-tc", "mlic-mrc", "mlic-rs", "mlic-math"])
      expect(Object.keys(findTask(name).task.prompts)).toEqual(["english", "chinese"]);
  });

  it("know languages by code, by folder, and others by their pattern", () => {
    const { task } = findTask("sib200");
    expect(languageOf(task, "tam").words.folder).toBe("tam_Taml");
    expect(languageOf(task, "tam_Taml").code).toBe("tam");
    expect(languageOf(task, "ta").code).toBe("tam");
    expect(languageOf(task, "khk_Cyrl")).toEqual({ code: "khk_Cyrl", name: "khk_Cyrl", words: {} });
    expect(() => languageOf(task, "tamm")).toThrow(/did you mean tam\?/);
  });
});

describe("findTask", () => {
  it("suggests the nearest name", () => {
    expect(() => findTask("sib20")).toThrow(/did you mean sib200\?/);
    expect(() => findTask("quite-another")).toThrow(/belebele, mgsm/);
    expect(() => findTask("none/there.yaml")).toThrow(/a task file at none\/there\.yaml/);
  });
});

describe("a task file is refused", () => {
  const prompt = (text: string) => ({
    ...PLAIN_TASK,
    prompts: { plain: { prompt: text, choices: ["a", "b"] } },
  });

  it.each([
    ["with an unknown key", { ...PLAIN_TASK, titel: "x" }, /known keys, but found "titel"/],
    ["without a title", { ...PLAIN_TASK, title: undefined }, /title to be right/],
    [
      "with an unknown scoring",
      { ...PLAIN_TASK, scoring: { method: "guess" } },
      /scoring\.method to be right/,
    ],
    [
      "without choices where it ranks",
      { ...PLAIN_TASK, prompts: { plain: { prompt: "x" } } },
      /choices in prompts\.plain/,
    ],
    [
      "with a split from nowhere",
      { ...PLAIN_TASK, splits: { test: { from: "tset" } } },
      /did you mean test\?/,
    ],
    [
      "with examples from no split",
      { ...PLAIN_TASK, shots: { count: 1, split: "trian" } },
      /shots\.split to name a split/,
    ],
    [
      "with an unknown field in a prompt",
      prompt("{{ txt }}"),
      /nothing is called "txt"; did you mean text\?/,
    ],
    [
      "with a broken pattern",
      { ...PLAIN_TASK, otherLanguages: "(" },
      /otherLanguages to be a regular expression/,
    ],
  ])("%s", (_, content, message) => {
    expect(refusal(content)).toMatchObject({ code: "TASK_INVALID", message: expect.stringMatching(message) });
  });

  it("for a template error, with the line of the template", () => {
    const text = [
      "task: t",
      "title: t",
      "languages: { A: { name: A } }",
      "data: { format: jsonl, files: { test: x }, fields: { text: text } }",
      "splits: { test: { from: test } }",
      'answer: "{{ text }}"',
      "scoring: { method: letter }",
      "prompts:",
      "  plain:",
      "    choices: [A, B]",
      "    prompt: |-",
      "      first line",
      "      second {{ text }}",
      "      third {{ text",
    ].join("\n");
    expect(refusal(text).message).toMatch(/prompts\.plain\.prompt.*task\.yaml:14\)/);
    expect(refusal(text.replace("third {{ text", "{% if text %}no end")).message).toMatch(/:14\)/);
    expect(
      refusal(text.replace("second {{ text }}", "{{ nothing }}").replace("third {{ text", "third")).message,
    ).toMatch(/"nothing".*:13\)/);
  });

  it("for broken YAML, with its line", () => {
    expect(refusal("task: x\ntitle: [1\n").message).toMatch(/YAML, but .*task\.yaml:\d\)/);
    expect(refusal("just text").message).toMatch(/a mapping/);
  });
});
