/** Answers that were given before: kept as they come, one a line, so that an interrupted run goes on. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { ModelAnswer } from "./backend.ts";

/** What answers depend on besides the request itself. */
export interface StoreKey {
  readonly modelHash: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Task, language, split: keeps files small; answers are found by their request. */
  readonly task: string;
}

/** Where answers are kept unless something else is said. */
export function defaultCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tiesmith", "evaluations");
}

/** Answers of one model to one task, by the hash of the request. */
export class PredictionStore {
  readonly path: string;
  readonly #answers = new Map<string, ModelAnswer>();

  constructor(folder: string, key: StoreKey) {
    const name = createHash("sha256")
      .update(JSON.stringify([key.modelHash, key.settings, key.task]))
      .digest("hex");
    this.path = join(folder, `${key.task.replace(/[^\w.-]/g, "_")}-${name.slice(0, 24)}.jsonl`);
    mkdirSync(dirname(this.path), { recursive: true });
    if (existsSync(this.path)) this.#read();
    else writeFileSync(this.path, `${JSON.stringify({ format: 1, ...key })}\n`);
  }

  get(requestHash: string): ModelAnswer | undefined {
    return this.#answers.get(requestHash);
  }

  add(requestHash: string, answer: ModelAnswer): void {
    this.#answers.set(requestHash, answer);
    appendFileSync(this.path, `${JSON.stringify({ request: requestHash, answer })}\n`);
  }

  /** Reads up to the first line that is not whole, and cuts the rest off: a run was killed there. */
  #read(): void {
    const bytes = readFileSync(this.path);
    let sound = 0;
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(0x0a, start);
      if (end < 0) break;
      try {
        const record = JSON.parse(bytes.toString("utf8", start, end));
        if (typeof record.request === "string") this.#answers.set(record.request, record.answer);
      } catch {
        break;
      }
      start = end + 1;
      sound = start;
    }
    if (sound < bytes.length) truncateSync(this.path, sound);
  }
}
