/** What the public API has of the demonstration; the rest is loaded when it is called. */
import type { DemoOptions } from "./options.ts";
import type { DemoResults } from "./results.ts";

/**
 * Runs the paper's experiment in miniature, on the repository's small models: searches WAVG, TIES and TIES-SV on dev
 * rows, tests the winners once, follows a training, merges two languages, and holds the paper's findings against what it
 * measured. Writes one page with everything, and keeps the merged models beside it.
 *
 * @throws {TiesmithError} `MODEL_NOT_FOUND` without the small models; `OUTPUT_EXISTS` for a folder of other files; any
 * code of searching, merging and evaluating
 * @example
 * const { findings } = await demo({ out: "tiesmith-demo", fast: true });
 */
export async function demo(options: DemoOptions): Promise<DemoResults> {
  const implementation = await import("./demo.ts");
  return implementation.demo(options);
}
