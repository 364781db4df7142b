/** What is tuned on must not be tested on: by name, and by rows. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareSearch } from "../../src/search/prepare-search.ts";
import { dataFolder, PLAIN_TASK, writeTask } from "../evaluate/task-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { SMALL, task } from "./search-builder.ts";

const row = (text: string, label = "red") => JSON.stringify({ text, label });

function spec(
  rows: { dev: string[]; test: string[] },
  change: object = {},
  splits: object = PLAIN_TASK.splits,
) {
  const data = dataFolder({
    "A.dev.jsonl": `${rows.dev.join("\n")}\n`,
    "A.jsonl": `${rows.test.join("\n")}\n`,
  });
  return { ...SMALL, tasks: [writeTask({ ...PLAIN_TASK, splits })], data, rows: 100, ...change };
}

const prepare = (input: object) => prepareSearch(input as Record<string, unknown>, { kind: "llama" });
const apart = { dev: [row("a"), row("b", "blue")], test: [row("c"), row("d")] };
const common = { dev: [row("a"), row("b", "blue")], test: [row("c"), row("b", "blue"), row("d")] };

describe("rows that are tuned on", () => {
  it("are named with a hash that tells them from others", async () => {
    const { tasks } = await prepare(spec(apart));
    expect(tasks.tunedOn).toMatchObject([{ task: "colours", language: "A", split: "dev", rows: 2 }]);
    const other = await prepare(spec({ ...apart, dev: [row("a"), row("e")] }));
    expect(other.tasks.tunedOn[0]?.hash).not.toBe(tasks.tunedOn[0]?.hash);
  });

  it("are refused where one of them is tested on, with its place in both", async () => {
    for (const final of [{ split: "test" }, false])
      await expect(prepare(spec(common, { final }))).rejects.toMatchObject({
        code: "SEARCH_INVALID",
        message: expect.stringMatching(
          /^Expected no row of colours in A in both the dev rows.*but 1 of 3 are: row 2 of dev is row 2 of test/,
        ),
      });
  });

  it("are refused under another name, too", async () => {
    const splits = { validation: { from: "test" }, test: { from: "test" } };
    await expect(prepare(spec(apart, { dev: "validation" }, splits))).rejects.toThrow(
      /in both the validation rows, which are tuned on, and the test rows, but 2 of 2 are/,
    );
  });

  it("may come from the file of the test rows, if a draw keeps them apart", async () => {
    const test = Array.from({ length: 10 }, (_, i) => row(`text ${i}`));
    const splits = { dev: { from: "test", draw: 4 }, test: { from: "test", except: "dev" } };
    const { tasks } = await prepare(spec({ dev: [row("x")], test }, { final: {} }, splits));
    expect([tasks.dev, tasks.test].map((all) => all?.[0]?.items.length)).toEqual([4, 6]);
  });

  it("are apart in all tasks and languages of the example", async () => {
    const tasks = ["tc", "math", "rs", "rate"].flatMap((name) =>
      ["A", "X", "Y"].map((code) => task(name, code)),
    );
    const { tasks: read } = await prepare({ ...SMALL, tasks, rows: 50, final: {} });
    expect(read.tunedOn).toHaveLength(12);
  });

  it("are the first by hash where fewer are wanted, whatever the file's order", async () => {
    const dev = Array.from({ length: 20 }, (_, i) => row(`text ${i}`));
    const { tasks } = await prepare(spec({ ...apart, dev }, { rows: 5 }));
    const keys = tasks.dev[0]?.items.map(({ key }) => Number(key)) ?? [];
    expect(keys).toHaveLength(5);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(keys).not.toEqual([1, 2, 3, 4, 5]);
    expect(tasks.dev[0]?.facts.drawn).toMatchObject({ of: 20 });
  });
});

describe("tasks are refused", () => {
  it.each([
    ["that are unknown", { tasks: ["sib20:tam"] }, "TASK_INVALID", /"sib20"; did you mean sib200\?/],
    [
      "in an unknown language",
      { tasks: [task("rate", "Z")] },
      "TASK_INVALID",
      /language of tinylang-rate, but received "Z"/,
    ],
    ["without the split", { dev: "valid" }, "TASK_INVALID", /split of tinylang-rate, but received "valid"/],
    [
      "without data",
      { data: "/nowhere" },
      "DATA_INVALID",
      /dev rows of tinylang-rate in X, but found none at/,
    ],
    [
      "that the objective does not have",
      { objective: { weighted: { "tinylang-rat": 1 } } },
      "SEARCH_INVALID",
      /a task of the search in its objective, but received "tinylang-rat"; did you mean tinylang-rate\?/,
    ],
    [
      "in a language that the objective does not have",
      { objective: { language: "Y" } },
      "SEARCH_INVALID",
      /a language of the search in its objective, but received "Y"/,
    ],
    [
      "that weigh nothing",
      { objective: { weighted: { "tinylang-rate": 0 } } },
      "SEARCH_INVALID",
      /Expected a weight above 0/,
    ],
  ])("%s", async (_, change, code, message) => {
    await expect(prepare({ ...SMALL, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe("candidates are refused before anything is merged", () => {
  it("at a value that the method does not take, which is named", async () => {
    await expect(prepare({ ...SMALL, space: { k_ct: [0.2, 1.5], lambda: [1] } })).rejects.toMatchObject({
      code: "RECIPE_INVALID",
      message: expect.stringMatching(/Expected density between 0 and 1 .* received 1.5.*k_ct = 1.5\)$/),
    });
  });

  it("at the end of a range, too", async () => {
    const space = { k_ct: { from: 0.1, to: 2 }, lambda: [1] };
    await expect(prepare({ ...SMALL, space, strategy: "tpe" })).rejects.toThrow(/received 2.*k_ct = 2\)$/);
  });

  it("with a model that is not there, told once for all methods", async () => {
    const { recipe } = SMALL.methods.ties;
    const lost = { ...recipe, models: [{ ...recipe.models[0], model: "/nowhere" }, recipe.models[1]] };
    const input = { ...SMALL, methods: { one: { recipe: lost }, two: { recipe: lost } } };
    await expect(prepare(input)).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
      message: expect.not.stringMatching("problems"),
    });
    await expect(prepare({ ...SMALL, final: { models: ["/nowhere"] } })).rejects.toMatchObject({
      code: "MODEL_NOT_FOUND",
      message: expect.not.stringMatching("problems"),
    });
  });
});

it("the shipped example is right, with 35 candidates", async () => {
  const { schedules, tasks } = await prepareSearch(join(TINYLANG, "../search/tinylang.yaml"), {
    kind: "llama",
  });
  expect(schedules.map(({ trialCount }) => trialCount)).toEqual([5, 12, 18]);
  expect([tasks.dev, tasks.test].map((all) => all?.length)).toEqual([3, 3]);
});
