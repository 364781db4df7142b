/** What a task is: data, not code. Users write their own in the same form (`docs/evaluate.md`). */
import { z } from "zod";

const NAME = /^[a-z0-9][a-z0-9_.-]*$/i;
const text = z.string().min(1);
const count = z.int().min(0);

const language = z.strictObject({
  name: text,
  /** For paths and templates: folder names, the word for "Question". */
  words: z.record(z.string(), z.string()).default({}),
});

const split = z.strictObject({
  /** Key of `data.files`. */
  from: text,
  /** Draw so many rows, the same in every language. */
  draw: count.min(1).optional(),
  /** Leave out the rows of another split, which is drawn from the same file. */
  except: text.optional(),
});

const data = z.strictObject({
  format: z.enum(["jsonl", "json", "tsv", "csv", "parquet"]),
  /** tsv and csv: whether the first line names the columns; without it fields are column numbers from 0. */
  header: z.boolean().default(true),
  /** tsv: whether fields may be quoted as in CSV. */
  quotes: z.boolean().default(true),
  /** Patterns relative to the data folder, the first that exists wins; `{word}` is filled in, `*` any name. */
  files: z.record(z.string(), z.union([text, z.array(text).min(1)])),
  /** The dataset's id on the Hugging Face hub, whose cache is looked at too. */
  hub: text.optional(),
  /** The names that templates use → columns or keys (`a.b` for nested ones). */
  fields: z.record(z.string(), z.union([text, count])),
  /** The same, for what some rows lack: empty there. */
  optional: z.record(z.string(), z.union([text, count])).default({}),
  /** Names a row; default: its number. A template. */
  key: text.optional(),
});

const prompt = z.strictObject({
  /** Before everything, once, and a separator; a template. */
  description: z.string().default(""),
  prompt: text,
  /** What the model should have said, for the examples; a template. Default: the answer after a space. */
  target: text.optional(),
  /** Instead of the task's `answer`, where a language of prompts has labels of its own. */
  answer: text.optional(),
  /** Texts to choose among: a list, or a template that gives one a line. */
  choices: z.union([text, z.array(text).min(2)]).optional(),
});

const rank = z.strictObject({
  method: z.literal("log-likelihood"),
  /** Divide by the choice's length: not at all, in code points, or in UTF-8 bytes. */
  normalize: z.enum(["none", "characters", "bytes"]).default("none"),
});
const letter = z.strictObject({ method: z.literal("letter") });
const generate = z.strictObject({
  method: z.literal("generation"),
  maxTokens: count.min(1).default(64),
  stop: z.array(text).default(["\n"]),
  extract: z.strictObject({
    /** Removed from the output first: a regular expression. */
    remove: text.optional(),
    /** What is looked for: a regular expression; its first group that took part, else the match. */
    pattern: text.default("[\\s\\S]*"),
    take: z.enum(["first", "last"]).default("first"),
    /** How texts are compared: as they are, without case, or as numbers. */
    compare: z.enum(["text", "lowercase", "number"]).default("text"),
  }),
});

/** The schema of a task file. */
export const taskSchema = z.strictObject({
  task: z.string().regex(NAME, "letters, digits, - _ ."),
  title: text,
  /** How the paper's tables call it. */
  column: text.optional(),
  source: text.optional(),
  licence: text.optional(),
  languages: z.record(z.string(), language),
  /** Other languages: a regular expression that their code must match; the code stands for all words. */
  otherLanguages: text.optional(),
  data,
  splits: z.record(z.string(), split),
  /** Rows a split has in Table 6 of the paper, for `tasks check`. */
  paperRows: z.record(z.string(), count).default({}),
  /** For templates, as `labels`. (`all_labels` are the answers that occur in the data, sorted.) */
  labels: z.array(text).default([]),
  prompts: z.record(z.string(), prompt).refine((prompts) => Object.keys(prompts).length > 0, "at least one"),
  /** The right answer: a choice's text or its number from 0 (ranking), or a text. A template. */
  answer: text,
  /** What the answer template gives: `text`, `letter` (A, B, …), `number` (from 1), `index` (from 0). */
  answerAs: z.enum(["text", "letter", "number", "index"]).default("text"),
  shots: z
    .strictObject({
      count: count.default(0),
      split: text.default("dev"),
      /** One example of each right answer instead of the first `count`. */
      onePerAnswer: z.boolean().default(false),
    })
    .default({ count: 0, split: "dev", onePerAnswer: false }),
  /** Between examples, and after the description. */
  separator: z.string().default("\n\n"),
  /** Between the prompt and a choice or the answer. */
  delimiter: z.string().default(" "),
  scoring: z.discriminatedUnion("method", [rank, letter, generate]),
});

export type Task = z.infer<typeof taskSchema>;
export type TaskPrompt = Task["prompts"][string];
export type Scoring = Task["scoring"];

/** A task and where it was read. */
export interface TaskFile {
  readonly task: Task;
  readonly path: string;
  /** Line of a value in the file, by its path of keys. */
  readonly lineOf: (keys: readonly PropertyKey[]) => number;
}
