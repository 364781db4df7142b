/** `tiesmith tasks`: the benchmarks that are known, and whether their data are there. */
import type { Command } from "commander";
import { addOutputOptions } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith tasks
  $ tiesmith tasks sib200
  $ tiesmith tasks my-task.yaml
  $ tiesmith tasks check benchmarks/

Nothing is downloaded. A task is a YAML file; docs/evaluate.md tells how to
write one.`;

/** Adds the command to the program. */
export function addTasksCommand(program: Command): void {
  const command = program.command("tasks").summary("list benchmarks, check their data");
  command
    .description("Lists and explains the tasks of the paper, or looks for their data in a folder (check).")
    .argument("[words...]", "names of tasks, paths of task files; or check FOLDER [TASK...]");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (words, options) => {
      const { runTasks } = await import("./run-tasks.ts");
      await runTasks(words, options);
    });
}
