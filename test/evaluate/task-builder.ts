/** Task files and data for tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { stringify } from "yaml";
import { readTask } from "../../src/evaluate/read-task.ts";
import type { TaskFile } from "../../src/evaluate/task.ts";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that is removed after the tests of the file. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  made.push(folder);
  return folder;
}

/** A task that classifies texts of a JSONL file; `change` overrides its keys. */
export const PLAIN_TASK = {
  task: "colours",
  title: "What colour",
  languages: { A: { name: "A" } },
  data: {
    format: "jsonl",
    files: { dev: "{code}.dev.jsonl", test: "{code}.jsonl" },
    fields: { text: "text", label: "label" },
  },
  splits: { dev: { from: "dev" }, test: { from: "test" } },
  prompts: { plain: { prompt: "Text: {{ text }}\nColour:", choices: ["red", "blue"] } },
  answer: "{{ label }}",
  scoring: { method: "log-likelihood" },
};

/** Writes a task file; the text wins over the object. */
export function writeTask(content: object | string): string {
  const path = join(newFolder(), "task.yaml");
  writeFileSync(path, typeof content === "string" ? content : stringify(content));
  return path;
}

export function taskOf(change: object = {}): TaskFile {
  return readTask(writeTask({ ...PLAIN_TASK, ...change }));
}

/** Writes files into a new folder. */
export function dataFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = newFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export const A = { code: "A", name: "A", words: {} };
