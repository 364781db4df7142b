/** What `tiesmith demo` does. */
import { type DemoProgress, type DemoResults, demo } from "../index.ts";
import type { DemoCommandOptions } from "./demo.ts";
import { formatScores } from "./evaluate-text.ts";
import { interruptible } from "./interrupt.ts";
import { formatDuration } from "./quantities.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

const LINE_SECONDS = 10;

/** Runs it, with steps on stderr, and the table and the findings on stdout. */
export async function runDemo(options: DemoCommandOptions): Promise<void> {
  const { out, fast, examples, threads, json = false, quiet = false } = options;
  const tell = quiet ? {} : { onStep: printMessage, onProgress: progressLines() };
  const results = await interruptible((signal) => demo({ out, fast, examples, threads, signal, ...tell }));
  if (json) return printJson(results);
  if (!quiet) printResult(formatDemo(results, out));
}

/** A line now and then. */
function progressLines(): (progress: DemoProgress) => void {
  let told = { step: "", seconds: 0 };
  return ({ step, done, total, unit, seconds }) => {
    if (step !== told.step) told = { step, seconds: 0 };
    if (seconds - told.seconds < LINE_SECONDS) return;
    told = { step, seconds };
    printMessage(`  ${done} of ${total} ${unit}, ${formatDuration(Math.round(seconds))}`);
  };
}

const MARKS = { shown: "shows", "not shown": "does not show", undecided: "leaves open" } as const;

function formatDemo({ test, languages, findings, caveats, seconds }: DemoResults, out: string): string {
  const verdicts = (Object.keys(MARKS) as (keyof typeof MARKS)[]).flatMap((verdict) => {
    const own = findings.filter((finding) => finding.verdict === verdict);
    const lines = own.map(({ paper, where, measured }) => `  - ${paper} (${where}).\n    ${measured}`);
    return own.length === 0 ? [] : [`It ${MARKS[verdict]}:\n${lines.join("\n")}`];
  });
  return [
    "On the test rows (percent right; TIES-paper: densities 1.0 and 0.2; TIES-SV-paper: with 4 % slack)",
    formatScores(test, false),
    "One model for two languages",
    formatScores(languages, false),
    "What of the paper this shows",
    ...verdicts,
    caveats.map((caveat) => `- ${caveat}`).join("\n"),
    `Took ${formatDuration(seconds)}. Open ${out}/report.html`,
  ].join("\n\n");
}
