/**
 * Claims on trials, for processes that share nothing but a folder. A claim is a file `KEY.GENERATION` that exactly one
 * process can create; it is never removed. Whoever finds that the holder of the last generation has ended creates the
 * next one. On the holder's own machine its process is looked for; from others a claim counts as given up when its
 * heartbeat has not changed for a lease, by the observer's own monotonic clock: clocks of machines are not compared.
 *
 * What came out is kept as `KEY.done`, created in the same way: if a process that was long suspended comes back, only
 * the first outcome counts.
 */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../checkpoint/system-error.ts";
import { isRunning, type Owner, thisOwner } from "../execute/owner.ts";
import type { Parameters } from "./results.ts";

/** Seconds without a heartbeat after which a claim from another machine counts as given up. */
export const DEFAULT_LEASE_SECONDS = 120;

/** What stands in a claim's file. */
export interface ClaimRecord {
  readonly token: string;
  readonly owner: Owner;
  /** What is tried, so that others do not try the same. */
  readonly parameters: Parameters | null;
  readonly beat: number;
  /** Given up by its holder: interrupted, not killed. */
  readonly released: boolean;
}

/** A trial that this process may run. */
export interface Claim {
  readonly key: string;
  /** Keeps what came out; false if another process was first. */
  finish(outcome: string): boolean;
  /** Ends the claim: others may have the trial, or see to its outcome. */
  release(): void;
}

export class Claims {
  readonly folder: string;
  readonly #leaseSeconds: number;
  /** Heartbeats as they were first seen, by file. */
  readonly #seen = new Map<string, { readonly text: string; readonly since: number }>();

  constructor(folder: string, leaseSeconds = DEFAULT_LEASE_SECONDS) {
    this.folder = folder;
    this.#leaseSeconds = leaseSeconds;
    mkdirSync(folder, { recursive: true });
  }

  /** Claims a trial; null if somebody has it, or has done it. */
  tryClaim(key: string, parameters: Parameters | null): Claim | null {
    const { last, isDone } = this.#lookUp(key);
    if (isDone || (last >= 0 && this.#isHeld(key, last))) return null;
    const path = join(this.folder, `${key}.${last + 1}`);
    const record: ClaimRecord = {
      token: randomUUID(),
      owner: thisOwner(),
      parameters,
      beat: 0,
      released: false,
    };
    if (!createWhole(path, JSON.stringify(record))) return null;
    return this.#held(key, path, record);
  }

  /**
   * Keys whose outcome is kept, and whose holder does nothing with it any more: what it meant to do may be undone.
   * @param isKnown keys that need not be looked at
   */
  finished(isKnown: (key: string) => boolean): string[] {
    const names = this.#names();
    const keys = names.filter((name) => name.endsWith(".done")).map((name) => name.slice(0, -".done".length));
    return keys.filter((key) => !isKnown(key) && !this.#isHeld(key, this.#lookUp(key, names).last));
  }

  /** What {@link Claim.finish} kept. */
  outcomeOf(key: string): string {
    return readText(join(this.folder, `${key}.done`));
  }

  /** The claims that somebody holds now. */
  running(): { readonly key: string; readonly record: ClaimRecord }[] {
    const names = this.#names();
    const keys = [...new Set(names.map((name) => name.replace(/\.[^.]+$/, "")))];
    return keys.flatMap((key) => {
      const { last, isDone } = this.#lookUp(key, names);
      if (isDone || last < 0 || !this.#isHeld(key, last)) return [];
      const record = recordOf(readText(join(this.folder, `${key}.${last}`)));
      return record === null ? [] : { key, record };
    });
  }

  #names(): string[] {
    return readdirSync(this.folder).filter((name) => !name.startsWith("."));
  }

  #lookUp(key: string, names = this.#names()): { last: number; isDone: boolean } {
    const own = names.filter((name) => name.startsWith(`${key}.`)).map((name) => name.slice(key.length + 1));
    const generations = own.filter((suffix) => /^\d+$/.test(suffix)).map(Number);
    return { last: Math.max(-1, ...generations), isDone: own.includes("done") };
  }

  #isHeld(key: string, generation: number): boolean {
    const name = `${key}.${generation}`;
    const text = readText(join(this.folder, name));
    const record = recordOf(text);
    if (record?.released === true) return false;
    const running = record === null ? null : isRunning(record.owner);
    if (running !== null) return running;
    const seen = this.#seen.get(name);
    const now = performance.now() / 1000;
    if (seen === undefined || seen.text !== text) {
      this.#seen.set(name, { text, since: now });
      return true;
    }
    return now - seen.since < this.#leaseSeconds;
  }

  #held(key: string, path: string, record: ClaimRecord): Claim {
    let beat = 0;
    const write = (released: boolean) => writeFileSync(path, JSON.stringify({ ...record, beat, released }));
    const timer = setInterval(
      () => {
        beat += 1;
        try {
          write(false);
        } catch {
          // A file system that refuses for a moment: the next beat may pass, and the outcome is kept exclusively.
        }
      },
      (this.#leaseSeconds * 1000) / 6,
    );
    timer.unref();
    return {
      key,
      finish: (outcome) => createWhole(join(this.folder, `${key}.done`), outcome),
      release: () => {
        clearInterval(timer);
        write(true);
      },
    };
  }
}

/**
 * Creates a file with its content, or not at all; false if it is there. A link is created by one process only, on
 * network file systems too; where there are no links, `O_EXCL` decides, and a reader may meet an empty file.
 */
function createWhole(path: string, content: string): boolean {
  const draft = join(path, "..", `.${randomUUID()}`);
  try {
    writeFileSync(draft, content, { flush: true });
    linkSync(draft, path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
    return createExclusive(path, content);
  } finally {
    rmSync(draft, { force: true });
  }
}

function createExclusive(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}

/** Null for what is being written at this moment. */
function recordOf(text: string): ClaimRecord | null {
  try {
    return JSON.parse(text) as ClaimRecord;
  } catch {
    return null;
  }
}
