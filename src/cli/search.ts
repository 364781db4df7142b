/** `tiesmith search`: the best parameters of merges, on dev rows. */
import type { Command } from "commander";
import { wholeNumber } from "./number-words.ts";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";
import { addSearchReport } from "./search-report.ts";

const EXAMPLES = `
Examples:
  $ tiesmith search search.yaml
  $ tiesmith search search.yaml --out runs --on-trial ./log-to-mlflow.py
  $ tiesmith search status runs
  $ tiesmith search best runs > best.yaml
  $ tiesmith search export runs --out trials.csv
  $ tiesmith search report runs --out report

The spec names recipes with variables (density: \${k_ct}), what the variables
may be, tasks with a dev split, and the models of the final test; docs/search.md
tells it all. A search is its folder: the same command goes on with one that was
interrupted, several processes may work on one, on one machine or on many that
share the folder, and none runs a trial that another one has.`;

const BEST_EXAMPLES = `
Examples:
  $ tiesmith search best runs > best.yaml
  $ tiesmith search best runs --method ties

Model paths are as in the recipe with variables: put the file beside it.`;

/** The options of the command as parsed. */
export interface SearchCommandOptions extends OutputOptions {
  readonly out?: string;
  readonly restart?: boolean;
  readonly onTrial?: string;
  readonly temporary?: string;
  readonly lease?: number;
  readonly jobs?: number;
  readonly threads?: number;
  readonly markdown?: boolean;
  readonly ggufType?: string;
  readonly sequences?: number;
}

/** Adds the command with what looks at searches. */
export function addSearchCommand(program: Command): void {
  const command = program.command("search").summary("find the best parameters of merges");
  command
    .description("Searches the best parameters of merges on dev rows, and tests the winners once.")
    .argument("[spec]", "the search's YAML")
    .option("--out <folder>", "the search's folder (default: the spec's path without .yaml)")
    .option("--restart", "discard the search that is there")
    .option("--on-trial <command>", "run this after each trial, which it reads as JSON from stdin")
    .option("--temporary <folder>", "where candidates lie while they are scored (default: in memory)")
    .addOption(
      wholeNumber("--lease <seconds>", "take over trials of machines silent for so long (default: 120)", 1),
    )
    .addOption(wholeNumber("--jobs <n>", "processes that work on it; pays with small models (default: 1)", 1))
    .addOption(threadsOption())
    .option("--markdown", "print Markdown tables");
  command
    .optionsGroup("Backend:")
    .option("--gguf-type <type>", "store weights as f32, f16, bf16 or q8_0 (default: f32)")
    .addOption(wholeNumber("--sequences <n>", "texts evaluated together (default: 4)", 1));
  addOutputOptions(command, "print nothing but errors")
    .enablePositionalOptions()
    .addHelpText("after", EXAMPLES)
    .action(async (spec, options) => {
      const { runSearch } = await import("./run-search.ts");
      await runSearch(spec, options);
    });
  addStatus(command);
  addBest(command);
  addExport(command);
  addSearchReport(command);
}

function addStatus(search: Command): void {
  const command = search.command("status").summary("how far a search has come");
  command
    .description("Tells how far a search has come, what is best so far, and who works on it.")
    .argument("<search>", "a search's folder or journal");
  addOutputOptions(command).action(async (path, options) => {
    const { runSearchStatus } = await import("./run-search.ts");
    await runSearchStatus(path, options);
  });
}

function addBest(search: Command): void {
  const command = search.command("best").summary("the winner's recipe");
  command
    .description("Prints the recipe of the best trial so far, ready for merge; with --json the winner.")
    .argument("<search>", "a search's folder or journal")
    .option("--method <name>", "of this method (default: of all)");
  addOutputOptions(command)
    .addHelpText("after", BEST_EXAMPLES)
    .action(async (path, options) => {
      const { runSearchBest } = await import("./run-search.ts");
      await runSearchBest(path, options);
    });
}

function addExport(search: Command): void {
  const command = search.command("export").summary("all trials as CSV");
  command
    .description("Writes all trials as CSV: variables, scores, times; with --json the whole results.")
    .argument("<search>", "a search's folder or journal")
    .option("--out <file>", "the file to write (default: standard output)");
  addOutputOptions(command).action(async (path, options) => {
    const { runSearchExport } = await import("./run-search.ts");
    await runSearchExport(path, options);
  });
}
