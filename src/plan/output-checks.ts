/** Checks what can be known of the output before a byte is written. */
import { accessSync, constants, existsSync, realpathSync, statfsSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import {
  fileManifestOf,
  MANIFEST_NAME,
  partialFolderOf,
  replacedFolderOf,
} from "../checkpoint/output-names.ts";
import type { OutputFormat } from "../gguf/output-format.ts";
import type { MergePlan } from "./merge-plan.ts";
import { isOutputLocked, outputBusyMessage } from "./output-lock.ts";
import type { Problems } from "./problems.ts";

export interface OutputOptions {
  readonly out: string;
  readonly format?: OutputFormat | undefined;
  readonly overwrite?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly restart?: boolean | undefined;
}

/** Collects every reason for which `plan` could not be written to `out`. */
export function checkOutput(plan: MergePlan | null, options: OutputOptions, problems: Problems): void {
  const out = resolve(options.out);
  // What a running merge has at OUT says nothing of what will be there when it ends.
  if (isOutputLocked(out)) problems.add("OUTPUT_BUSY", outputBusyMessage(out), { out });
  else checkPlanned(plan, out, options, problems);
}

/** The same for one who holds the output's lock. */
export function checkPlanned(
  plan: MergePlan | null,
  out: string,
  options: OutputOptions,
  problems: Problems,
): void {
  const inputFolders =
    plan === null ? [] : [plan.base, ...plan.models].flatMap((model) => model?.folder ?? []);
  checkPlace(out, inputFolders, problems);
  if (options.format === "gguf") checkExistingFile(out, options.overwrite === true, problems);
  else checkExisting(out, inputFolders, options.overwrite === true, problems);
  checkPartial(out, options, problems);
  const parent = existingAncestor(dirname(out));
  if (!isWritable(parent))
    problems.add("NO_PERMISSION", `Expected to be able to write in ${parent}, but the system forbids it`, {
      path: parent,
    });
  if (plan !== null) checkRoom(plan, out, parent, problems);
}

/** Free bytes for an unprivileged user on the disk that `path` lies or will lie on; null if unknown. */
export function freeDiskBytes(path: string): number | null {
  try {
    const facts = statfsSync(existingAncestor(resolve(path)));
    return facts.bavail * facts.bsize;
  } catch {
    return null;
  }
}

function checkPlace(out: string, inputFolders: readonly string[], problems: Problems): void {
  const inside = inputFolders.find((folder) => contains(realPath(folder), realPath(out)));
  if (inside !== undefined)
    problems.add(
      "OUTPUT_UNSAFE",
      `Expected an output folder outside the inputs, but ${out} lies in ${inside}`,
      {
        out,
        input: inside,
      },
    );
}

function checkExisting(
  out: string,
  inputFolders: readonly string[],
  overwrite: boolean,
  problems: Problems,
): void {
  // A killed --overwrite may have left the old model beside its place, where the next one finds it.
  const replaced = replacedFolderOf(out);
  const standing = existsSync(out) ? out : replaced;
  if (!existsSync(standing)) return;
  if (!overwrite) {
    const found =
      standing === out ? "" : `, but an interrupted --overwrite left the model that it had at ${replaced}`;
    problems.add(
      "OUTPUT_EXISTS",
      `Expected ${out} not to exist${found}; choose another folder, or replace it with --overwrite`,
      { out },
    );
    return;
  }
  const held = inputFolders.find((folder) => contains(realPath(out), realPath(folder)));
  if (held !== undefined)
    problems.add("OUTPUT_UNSAFE", `Expected to overwrite a folder without inputs, but ${out} holds ${held}`, {
      out,
      held,
    });
  else if (!existsSync(join(standing, MANIFEST_NAME)))
    problems.add(
      "OUTPUT_UNSAFE",
      `Expected to overwrite a folder that tiesmith made, but ${out} has no ${MANIFEST_NAME}; remove it yourself`,
      { out },
    );
}

/** The manifest beside the file is replaced with it. */
function checkExistingFile(out: string, overwrite: boolean, problems: Problems): void {
  const manifest = fileManifestOf(out);
  const standing = [out, manifest].find((path) => existsSync(path));
  if (standing === undefined) return;
  const strange = [out, manifest].find((path) => existsSync(path) && !statSync(path).isFile());
  if (strange !== undefined)
    problems.add(
      "OUTPUT_UNSAFE",
      `Expected a file at ${strange}, since the output is one, but found something else; choose another name`,
      { out: strange },
    );
  else if (!overwrite)
    problems.add(
      "OUTPUT_EXISTS",
      `Expected ${standing} not to exist; choose another file, or replace it with --overwrite`,
      { out: standing },
    );
}

function checkPartial(out: string, { resume, restart }: OutputOptions, problems: Problems): void {
  const partial = partialFolderOf(out);
  if (resume && restart)
    problems.add("USAGE", "Expected either --resume or --restart, but received both", { out });
  else if (existsSync(partial) && !resume && !restart)
    problems.add(
      "OUTPUT_EXISTS",
      `Expected no ${partial}, the trace of an interrupted merge; go on with --resume, or discard it with --restart`,
      { partial },
    );
}

/** What a kept partial folder has reserved already counts as free. */
function checkRoom(plan: MergePlan, out: string, parent: string, problems: Problems): void {
  const free = freeDiskBytes(parent);
  if (free === null) return;
  const partial = partialFolderOf(out);
  const reserved = plan.shards.reduce((sum, { name }) => sum + allocatedBytes(join(partial, name)), 0);
  if (free + reserved >= plan.writeBytes) return;
  problems.add(
    "DISK_FULL",
    `Expected ${plan.writeBytes} bytes of room in ${parent} for the output, but found ${free + reserved}; ` +
      "free some, or choose another disk with --out",
    { required: plan.writeBytes, free: free + reserved, path: parent },
  );
}

function allocatedBytes(path: string): number {
  try {
    return statSync(path).blocks * 512;
  } catch {
    return 0;
  }
}

function contains(folder: string, path: string): boolean {
  const steps = relative(folder, path);
  return steps === "" || (steps !== ".." && !steps.startsWith(`..${sep}`));
}

/** Resolves links in as much of a path as exists. */
function realPath(path: string): string {
  const ancestor = existingAncestor(path);
  return join(realpathSync(ancestor), relative(ancestor, path));
}

function existingAncestor(path: string): string {
  let ancestor = path;
  while (!existsSync(ancestor) && dirname(ancestor) !== ancestor) ancestor = dirname(ancestor);
  return ancestor;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
