/** What `tiesmith inspect` does. */
import { inspect } from "../index.ts";
import { formatModel } from "./inspect-text.ts";
import type { OutputOptions } from "./options.ts";
import { printJson, printResult } from "./terminal.ts";

/** Prints what a model folder holds on stdout. */
export function runInspect(model: string, { json = false }: OutputOptions): void {
  const report = inspect(model);
  if (json) printJson(report);
  else printResult(formatModel(report));
}
