/** From rows to requests: prompts are rendered, examples put before them, right answers looked up. */
import { createHash } from "node:crypto";
import { nearestName, TiesmithError } from "../errors.ts";
import type { ModelRequest } from "./backend.ts";
import type { TaskLanguage } from "./data-files.ts";
import type { SplitRow } from "./splits.ts";
import type { TaskFile, TaskPrompt } from "./task.ts";
import { render } from "./template.ts";

/** One question to a model, and its answer. */
export interface Item {
  readonly key: string;
  readonly row: number;
  readonly request: ModelRequest;
  /** SHA-256 of the request: equal requests have equal answers. */
  readonly requestHash: string;
  /** Without the delimiter; empty for generation. */
  readonly choices: readonly string[];
  /** The right choice; null for generation. */
  readonly goldIndex: number | null;
  readonly goldText: string;
  /** The row's own part of the context: what follows description and examples. */
  readonly prompt: string;
}

export interface PromptOptions {
  /** Key of the task's prompts. */
  readonly prompt: string;
  /** Examples before each row; by default what the task says. */
  readonly shots: number | undefined;
  /** The first so many rows. */
  readonly limit: number | undefined;
}

/**
 * The items of a split.
 * @param examples rows of the split that examples are taken from
 * @throws {TiesmithError} `TASK_INVALID` for an unknown prompt or a template error; `DATA_INVALID` where a row's
 * answer is none of its choices, or examples are wanted and there are none
 */
export function makeItems(
  file: TaskFile,
  language: TaskLanguage,
  rows: readonly SplitRow[],
  examples: readonly SplitRow[],
  options: PromptOptions,
): Item[] {
  const prompt = promptOf(file, options.prompt);
  const renderer = new PromptRenderer(file, language, options.prompt, prompt);
  renderer.collectLabels([...examples, ...rows]);
  const description = renderer.description();
  const shots = examples.map((row) => ({ row, ...renderer.shot(row) }));
  return rows.slice(0, options.limit).map((row) => {
    const own = renderer.parts(row);
    const before = chosenShots(file, shots, row, options.shots).map(({ text }) => text);
    const opening = description === "" ? [] : [description];
    const context = [...opening, ...before, own.text].join(file.task.separator);
    const request = requestOf(file, context, own.choices);
    const requestHash = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const { choices, goldIndex, goldText, text: prompt } = own;
    return { key: row.key, row: row.row, request, requestHash, choices, goldIndex, goldText, prompt };
  });
}

function promptOf({ task }: TaskFile, name: string): TaskPrompt {
  const known = Object.keys(task.prompts);
  const prompt = task.prompts[name];
  if (prompt !== undefined) return prompt;
  const near = nearestName(name, known) ?? known.join(", ");
  throw new TiesmithError(
    "TASK_INVALID",
    `Expected a prompt of ${task.task}, but received ${JSON.stringify(name)}; did you mean ${near}?`,
    { task: task.task, prompt: name },
  );
}

interface Shot {
  readonly row: SplitRow;
  readonly text: string;
  readonly answer: string;
}

/** The first examples that are not the row itself, or the first of each right answer. */
function chosenShots(
  { task }: TaskFile,
  shots: readonly Shot[],
  row: SplitRow,
  wanted: number | undefined,
): Shot[] {
  const { count, onePerAnswer, split } = task.shots;
  const others = shots.filter((shot) => shot.row.key !== row.key || shot.row.file !== row.file);
  const number = wanted ?? count;
  let chosen = others.slice(0, number);
  if (onePerAnswer && wanted === undefined) {
    const firsts = new Map<string, Shot>();
    for (const shot of others) if (!firsts.has(shot.answer)) firsts.set(shot.answer, shot);
    chosen = [...firsts.values()];
  }
  if (chosen.length < number)
    throw new TiesmithError(
      "DATA_INVALID",
      `Expected ${number} examples for ${task.task} in its ${split} split, but it has ${others.length}; ask for fewer with --shots`,
      { task: task.task, split },
    );
  return chosen;
}

function requestOf({ task }: TaskFile, context: string, choices: readonly string[]): ModelRequest {
  const { scoring, delimiter } = task;
  if (scoring.method === "generation")
    return { kind: "generate", context, stop: scoring.stop, maxTokens: scoring.maxTokens };
  const continuations = choices.map((choice) => delimiter + choice);
  return { kind: scoring.method === "letter" ? "next" : "rank", context, choices: continuations };
}

interface Parts {
  readonly text: string;
  readonly choices: readonly string[];
  readonly goldIndex: number | null;
  readonly goldText: string;
}

/** Renders the templates of one prompt of a task in one language. */
class PromptRenderer {
  readonly #file: TaskFile;
  readonly #language: TaskLanguage;
  readonly #name: string;
  readonly #prompt: TaskPrompt;
  #allLabels: readonly string[] = [];

  constructor(file: TaskFile, language: TaskLanguage, name: string, prompt: TaskPrompt) {
    this.#file = file;
    this.#language = language;
    this.#name = name;
    this.#prompt = prompt;
  }

  /** The answers that occur, sorted: for prompts that list the candidate labels. */
  collectLabels(rows: readonly SplitRow[]): void {
    this.#allLabels = [...new Set(rows.map((row) => this.#answer(row)))].sort();
  }

  description(): string {
    return this.#render(this.#prompt.description, ["prompts", this.#name, "description"], {});
  }

  shot(row: SplitRow): { text: string; answer: string } {
    const parts = this.parts(row);
    const answer = parts.goldIndex === null ? parts.goldText : (parts.choices[parts.goldIndex] as string);
    const { target } = this.#prompt;
    const own =
      target === undefined
        ? answer
        : this.#render(target, ["prompts", this.#name, "target"], { ...row.fields, answer });
    return { text: parts.text + this.#file.task.delimiter + own, answer };
  }

  parts(row: SplitRow): Parts {
    const choices = this.#choices(row);
    const answer = this.#answer(row);
    const goldIndex = choices.length === 0 ? null : this.#goldIndex(answer, choices, row);
    const values = { ...row.fields, choices, answer, answer_index: goldIndex };
    const text = this.#render(this.#prompt.prompt, ["prompts", this.#name, "prompt"], values);
    return { text, choices, goldIndex, goldText: answer };
  }

  #answer(row: SplitRow): string {
    const { answer } = this.#prompt;
    if (answer !== undefined) return this.#render(answer, ["prompts", this.#name, "answer"], row.fields);
    return this.#render(this.#file.task.answer, ["answer"], row.fields);
  }

  #choices(row: SplitRow): string[] {
    const { choices } = this.#prompt;
    if (choices === undefined || this.#file.task.scoring.method === "generation") return [];
    if (typeof choices !== "string") return [...choices];
    const rendered = this.#render(choices, ["prompts", this.#name, "choices"], row.fields);
    return rendered.split("\n").filter((line) => line !== "");
  }

  #goldIndex(answer: string, choices: readonly string[], row: SplitRow): number {
    const index = {
      text: () => choices.indexOf(answer),
      letter: () => (/^[A-Z]$/.test(answer) ? answer.charCodeAt(0) - 65 : -1),
      number: () => Number(answer) - 1,
      index: () => Number(answer),
    }[this.#file.task.answerAs]();
    if (Number.isInteger(index) && index >= 0 && index < choices.length) return index;
    throw new TiesmithError(
      "DATA_INVALID",
      `Expected the answer of row ${row.row} of ${this.#file.task.task} (${this.#language.code}) to be one of its ${choices.length} choices, but found ${JSON.stringify(answer)}`,
      { task: this.#file.task.task, language: this.#language.code, row: row.row },
    );
  }

  #render(template: string, keys: readonly string[], values: Record<string, unknown>): string {
    const { task, path, lineOf } = this.#file;
    const place = { path, line: lineOf(keys), keys };
    const given = { language: this.#language, labels: task.labels, all_labels: this.#allLabels };
    return render(template, { ...values, ...given }, place);
  }
}
