/** Small disks that a test can fill: mounted for one child process, and gone with it. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MergeOptions, RecipeInput } from "tiesmith";

const CHILD = join(import.meta.dirname, "small-disk-child.mjs");

/** `tmpfs` reserves room; `sparse` is a tmpfs where that is refused; `ext3` cannot reserve, and needs root. */
export type DiskKind = "tmpfs" | "sparse" | "ext3";

export type DiskStep =
  | {
      readonly recipe: RecipeInput;
      readonly options: MergeOptions;
      readonly fill?: { readonly call: string; readonly count: number; readonly leave: number };
    }
  | { readonly free: true }
  | { readonly copy: { readonly from: string; readonly to: string } };

export interface DiskAnswer {
  readonly code?: string;
  readonly message?: string;
  readonly resumedTensors?: number;
  /** Of what lies beside OUT. */
  readonly names: readonly string[];
}

const asRoot = process.getuid?.() === 0;
const namespace = asRoot ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
const MOUNTS: Readonly<Record<DiskKind, string>> = {
  tmpfs: 'mount -t tmpfs -o size="$2" tiesmith "$1"',
  sparse: 'mount -t tmpfs -o size="$2" tiesmith "$1"',
  ext3: 'truncate -s "$2" "$1.image" && mke2fs -q -t ext3 -m 0 "$1.image" && mount -o loop "$1.image" "$1"',
};

function onDisk(kind: DiskKind, folder: string, bytes: number, command: readonly string[]) {
  mkdirSync(folder, { recursive: true });
  const script = `${MOUNTS[kind]} && shift 2 && exec "$@"`;
  const words = [...namespace, "sh", "-c", script, "sh", folder, String(bytes), ...command];
  return spawnSync("unshare", words, { encoding: "utf8", timeout: 60_000 });
}

/** Why this system lends no such disk; null if it does. */
export function missingDisk(kind: DiskKind): string | null {
  const folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  const { status, error, stderr } = onDisk(kind, join(folder, "disk"), 8e6, ["true"]);
  rmSync(folder, { recursive: true });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** What the merges among `steps` came to, on an empty disk of `bytes` at `folder`. */
export function runOnDisk(
  kind: DiskKind,
  folder: string,
  bytes: number,
  steps: readonly DiskStep[],
): DiskAnswer[] {
  const task = JSON.stringify({ steps, sparse: kind === "sparse" });
  const { status, stdout, stderr } = onDisk(kind, folder, bytes, [process.execPath, CHILD, task]);
  if (status !== 0) throw new Error(`The merges on a small disk ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as DiskAnswer[];
}
