/**
 * A file system without room, for what only such a one does. On a tmpfs a hole in a file takes a page when it is
 * read through a mapping; where there is none left, that read fails as on a broken disk, with SIGBUS, or EFAULT from
 * madvise, while the file keeps its size and read(2) goes on to give zeros. It needs a mount, hence a user namespace.
 */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";

const NAMESPACE = ["--user", "--map-root-user", "--mount"];

function probe(): string | null {
  if (process.platform !== "linux") return "user namespaces exist on Linux only";
  const command = "mount -t tmpfs none /tmp";
  const { status, stderr, error } = spawnSync("unshare", [...NAMESPACE, "sh", "-c", command], {
    encoding: "utf8",
  });
  if (status === 0) return null;
  return `no tmpfs can be mounted in a user namespace: ${error?.message ?? stderr.trim()}`;
}

/** Why {@link inFullFileSystem} cannot work here, or null if it can. Told aloud, since tests are skipped for it. */
export const whyNoFullFileSystem: string | null = probe();
if (whyNoFullFileSystem !== null) console.warn(`skipped: ${whyNoFullFileSystem}`);

/** Runs Node with a tmpfs of `byteCount` bytes over `folder`, which is gone when Node ends. */
export function inFullFileSystem(
  folder: string,
  byteCount: number,
  words: readonly string[],
): SpawnSyncReturns<string> {
  const command = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"';
  const shell = ["sh", "-c", command, "sh", String(byteCount), folder, process.execPath, ...words];
  return spawnSync("unshare", [...NAMESPACE, ...shell], { encoding: "utf8", timeout: 60_000 });
}
