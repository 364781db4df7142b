/** What a merge asks of the system, in order, as strace sees it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MergeOptions, RecipeInput } from "tiesmith";
import { MERGE_CHILD } from "../execute/merge-process.ts";

export interface TracedCall {
  readonly kind: "write" | "sync" | "rename" | "remove";
  /** Of what was written, synced or removed; for a rename the old name. */
  readonly path: string;
  /** The new name. */
  readonly to?: string;
}

const KINDS: Readonly<Record<string, TracedCall["kind"]>> = {
  write: "write",
  pwrite64: "write",
  copy_file_range: "write",
  sendfile: "write",
  ftruncate: "write",
  fsync: "sync",
  rename: "rename",
  renameat: "rename",
  renameat2: "rename",
  unlink: "remove",
  unlinkat: "remove",
  rmdir: "remove",
};
const TRACED = `trace=${Object.keys(KINDS).join(",")}`;

/** Why strace cannot look at a process here; null if it can. */
export function missingStrace(): string | null {
  const { status, error, stderr } = spawnSync("strace", ["-f", "-o", "/dev/null", "true"], {
    encoding: "utf8",
  });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** Merges under strace; `inject` makes calls fail, as in "fsync:error=EIO". */
export function mergeUnderStrace(
  recipe: RecipeInput,
  options: MergeOptions,
  inject?: string,
): { calls: TracedCall[]; answer: { error?: { code: string; message: string } } } {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  const trace = join(folder, "trace");
  const task = JSON.stringify({ merges: [{ recipe, options }] });
  const injected = inject === undefined ? [] : ["-e", `inject=${inject}`];
  const words = [
    "-f",
    "-y",
    "-s",
    "4096",
    "-o",
    trace,
    "-e",
    TRACED,
    ...injected,
    process.execPath,
    MERGE_CHILD,
    task,
  ];
  const { stdout, stderr } = spawnSync("strace", words, { encoding: "utf8", timeout: 60_000 });
  if (stdout === "") throw new Error(`The traced merge said nothing: ${stderr}`);
  const calls = wholeLines(readFileSync(trace, "utf8")).flatMap(callOf);
  rmSync(folder, { recursive: true });
  return { calls, answer: JSON.parse(stdout) };
}

/** A call during which another thread made one comes in two lines. It counts where it ends. */
function wholeLines(text: string): string[] {
  const begun = new Map<string, string>();
  return text.split("\n").flatMap((line) => {
    const [, thread = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith(" <unfinished ...>")) {
      begun.set(thread, rest.slice(0, -" <unfinished ...>".length));
      return [];
    }
    const [, ending] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    return [ending === undefined ? rest : `${begun.get(thread)}${ending}`];
  });
}

function callOf(line: string): TracedCall[] {
  const [, name = "", words = "", result] = /^(\w+)\((.*)\)\s+=\s+(-?\d+)/.exec(line) ?? [];
  const kind = KINDS[name];
  if (kind === undefined || Number(result) < 0) return [];
  const opened = [...words.matchAll(/\d+<([^>]*)>/g)].map(([, path]) => path as string);
  const named = [...words.matchAll(/"([^"]*)"/g)].map(([, path]) => path as string);
  if (kind === "rename") return [{ kind, path: named[0] as string, to: named[1] as string }];
  // Of a copy the second file is written.
  const path = kind === "remove" ? named[0] : name === "copy_file_range" ? opened[1] : opened[0];
  return path === undefined ? [] : [{ kind, path }];
}
