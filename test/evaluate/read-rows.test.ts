/** Data files in the layouts that benchmarks are published in. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRows } from "../../src/evaluate/read-rows.ts";
import { findTask } from "../../src/evaluate/read-task.ts";
import { languageOf } from "../../src/evaluate/selection.ts";
import { readSplit } from "../../src/evaluate/splits.ts";
import { A, dataFolder, taskOf } from "./task-builder.ts";

const jsonl = taskOf().task.data;
const rowsOf = async (content: string | Uint8Array, change: object) => {
  const folder = dataFolder({ "rows.txt": content });
  return (await readRows(join(folder, "rows.txt"), { ...jsonl, ...change })).map(({ fields }) => fields);
};

describe("readRows", () => {
  it("reads JSON Lines with empty lines between, and a byte order mark", async () => {
    const content = '\ufeff{"text":"ཞི་མི","label":"red"}\n\n{"text":"மீன்","label":"blue"}\n';
    expect(await rowsOf(content, {})).toEqual([
      { text: "ཞི་མི", label: "red" },
      { text: "மீன்", label: "blue" },
    ]);
  });

  it("reads JSON arrays and nested keys, and keeps lists as lists", async () => {
    const content = JSON.stringify([{ text: ["ᠮᠣᠩᠭᠣᠯ", "b"], label: { en: "red" } }]);
    const rows = await rowsOf(content, { format: "json", fields: { text: "text", label: "label.en" } });
    expect(rows).toEqual([{ text: ["ᠮᠣᠩᠭᠣᠯ", "b"], label: "red" }]);
  });

  it("reads TSV and CSV with quotes, and TSV without them", async () => {
    const quoted = 'text\tlabel\n"a ""b""\tc"\tred\n';
    expect(await rowsOf(quoted, { format: "tsv" })).toEqual([{ text: 'a "b"\tc', label: "red" }]);
    expect(await rowsOf('text,label\n"a, b",red\n', { format: "csv" })).toEqual([
      { text: "a, b", label: "red" },
    ]);
    const bare = await rowsOf('"a" b\t1,234\r\n', {
      format: "tsv",
      quotes: false,
      header: false,
      fields: { text: 0, label: 1 },
    });
    expect(bare).toEqual([{ text: '"a" b', label: "1,234" }]);
  });

  it("fills optional fields with an empty text", async () => {
    const rows = await rowsOf('{"text":"a","label":"b"}', { optional: { steps: "cot.en" } });
    expect(rows).toEqual([{ steps: "", text: "a", label: "b" }]);
  });

  it.each([
    [
      "a row without a field",
      '{"text":"a","label":"b"}\n{"txt":"a","label":"b"}',
      {},
      /"text" in row 2 .*found "txt"/,
    ],
    ["an empty field", '{"text":"","label":"b"}', {}, /"text" in row 1/],
    ["a missing column", "a\n", { format: "tsv", header: false, fields: { text: 3 } }, /column 3 in row 1/],
    ["broken JSON, with its line", '{"text":"a","label":"b"}\n{', {}, /:2, but/],
    ["JSON that is no array", "{}", { format: "json" }, /a JSON array/],
    ["bytes that are no UTF-8", Uint8Array.of(0x22, 0xff), {}, /UTF-8/],
    ["an unclosed quote", 'text\tlabel\n"a\tb', { format: "tsv" }, /Expected tsv/],
    ["what is no Parquet", "text", { format: "parquet" }, /Expected Parquet/],
  ])("refuses %s", async (_, content, change, message) => {
    await expect(rowsOf(content, change)).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

describe("readSplit", () => {
  const lines = Array.from({ length: 100 }, (_, i) => JSON.stringify({ text: `t${i}`, label: "red" })).join(
    "\n",
  );
  const folder = () =>
    dataFolder({ "A.jsonl": lines, "B.jsonl": lines.replaceAll("t", "u").replaceAll("uexu", "text") });
  const drawing = taskOf({
    data: { ...jsonl, files: { all: "{code}.jsonl" } },
    splits: { dev: { from: "all", draw: 20 }, test: { from: "all", except: "dev" } },
    languages: { A: { name: "A" }, B: { name: "B" } },
  });

  it("draws the same rows every time, disjoint, in the order of the file", async () => {
    const data = folder();
    const [dev, again, test] = await Promise.all([
      readSplit(drawing, "dev", A, data),
      readSplit(drawing, "dev", A, data),
      readSplit(drawing, "test", A, data),
    ]);
    const keys = (rows: readonly { key: string }[]) => rows.map(({ key }) => Number(key));
    expect(dev.rows).toEqual(again.rows);
    expect(keys(dev.rows)).toHaveLength(20);
    expect(keys(test.rows)).toHaveLength(80);
    expect([...keys(dev.rows), ...keys(test.rows)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    expect(keys(dev.rows)).toEqual([...keys(dev.rows)].sort((a, b) => a - b));
    // Fixed for ever: results of different versions must stay comparable.
    expect(keys(dev.rows).slice(0, 5)).toEqual(FIRST_DRAWN);
    expect(dev.drawn).toMatchObject({ seed: "tiesmith-1", of: 100 });
  });

  it("draws parallel rows in every language", async () => {
    const data = folder();
    const [a, b] = await Promise.all([
      readSplit(drawing, "dev", A, data),
      readSplit(drawing, "dev", { ...A, code: "B" }, data),
    ]);
    expect(a.rows.map(({ row }) => row)).toEqual(b.rows.map(({ row }) => row));
  });

  it("names unknown splits, absent data and empty splits", async () => {
    const data = dataFolder({ "A.jsonl": "" });
    await expect(readSplit(drawing, "tset", A, data)).rejects.toThrow(/did you mean test\?/);
    await expect(readSplit(drawing, "test", A, null)).rejects.toThrow(/--data/);
    await expect(readSplit(drawing, "test", { ...A, code: "C" }, data)).rejects.toThrow(
      /found none at .*C\.jsonl/,
    );
    await expect(readSplit(drawing, "dev", A, data)).rejects.toMatchObject({ code: "DATA_INVALID" });
  });

  it("says where a benchmark is published, and under which licence", async () => {
    const sib = findTask("sib200");
    const missing = readSplit(sib, "test", languageOf(sib.task, "tam"), dataFolder({}));
    await expect(missing).rejects.toThrow(/github\.com\/dadelani\/sib-200 \(Apache-2\.0/);
  });
});

/** By Python's hashlib. */
const FIRST_DRAWN = [7, 8, 13, 16, 17];

const PUBLISHED = join(import.meta.dirname, "published");

describe("the published files", () => {
  it.each(["ben", "bod", "ory", "tam", "tel", "uig"])(
    "of SIB-200 in %s are read row for row",
    async (code) => {
      const sib = findTask("sib200");
      const language = languageOf(sib.task, code);
      const test = await readSplit(sib, "test", language, PUBLISHED);
      expect(test.rows).toHaveLength(204);
      for (const { fields } of test.rows) expect(sib.task.labels).toContain(fields.category);
      expect((await readSplit(sib, "dev", language, PUBLISHED)).drawn).toMatchObject({ of: 99 });
    },
  );

  it.each(["tel", "ben"])("of MGSM in %s are read row for row", async (code) => {
    const mgsm = findTask("mgsm");
    const language = languageOf(mgsm.task, code);
    const [dev, test] = await Promise.all(
      ["dev", "test"].map((split) => readSplit(mgsm, split, language, PUBLISHED)),
    );
    expect([dev?.rows.length, test?.rows.length]).toEqual([50, 200]);
    for (const { fields } of [...(dev?.rows ?? []), ...(test?.rows ?? [])])
      expect(Number(String(fields.number).replaceAll(",", ""))).not.toBeNaN();
  });
});
