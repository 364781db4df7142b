/** What `tiesmith tasks` does. */
import { TiesmithError } from "../errors.ts";
import { checkData, type DataCheck, listTasks, type TaskSummary } from "../index.ts";
import type { OutputOptions } from "./options.ts";
import { formatTable } from "./table.ts";
import { printJson, printResult } from "./terminal.ts";

/** Prints the tasks, one task, or what a data folder holds. */
export async function runTasks(words: readonly string[], { json = false }: OutputOptions): Promise<void> {
  const [first, folder, ...names] = words;
  if (first === "check") {
    if (folder === undefined)
      throw new TiesmithError("USAGE", "Expected a folder: tiesmith tasks check FOLDER, but found none");
    const checks = await checkData(folder, names);
    return json ? printJson(checks) : printResult(formatChecks(checks, await listTasks(names), folder));
  }
  const tasks = await listTasks(words);
  if (json) return printJson(tasks);
  printResult(words.length === 0 ? formatTasks(tasks) : tasks.map(explain).join("\n\n"));
}

function formatTasks(tasks: readonly TaskSummary[]): string {
  const columns = ["Task", "What", "Languages", "Scoring"].map((title) => ({ title }));
  return formatTable(
    columns,
    tasks.map(({ task, title, languages, scoring }) => [
      task,
      title,
      languages.map(({ code }) => code).join(" "),
      scoring,
    ]),
  );
}

function explain(task: TaskSummary): string {
  const languages = task.languages.map(({ code, name }) => `${code} (${name})`).join(", ");
  const lines = [
    ["languages", languages],
    ["splits", task.splits.join(", ")],
    ["prompts", task.prompts.join(", ")],
    ["examples", String(task.shots)],
    ["scoring", task.scoring],
    ["data", task.source ?? "your own"],
    ["licence", task.licence ?? "–"],
    ["file", task.path],
  ];
  return [
    `${task.task}: ${task.title}`,
    ...lines.map(([key, value]) => `  ${key?.padEnd(10)} ${value}`),
  ].join("\n");
}

/** What is there, then what is not, with where it is published. */
function formatChecks(checks: readonly DataCheck[], asked: readonly TaskSummary[], folder: string): string {
  const absent = asked.filter(({ task }) => !checks.some((check) => check.task === task));
  const missing = absent.map(
    ({ task, source, licence }) =>
      `missing: ${task}, ${source ?? "your own data"}${licence === null ? "" : ` (${licence})`}`,
  );
  const found = checks.length === 0 ? `Found none of the benchmarks in ${folder}` : checksTable(checks);
  return missing.length === 0 ? found : `${found}\n\n${missing.join("\n")}`;
}

function checksTable(checks: readonly DataCheck[]): string {
  const right = "right" as const;
  const columns = [
    { title: "Task" },
    { title: "Language" },
    { title: "Split" },
    { title: "Rows", align: right },
    { title: "Paper", align: right },
    { title: "" },
  ];
  const shown = (count: number | null) => (count === null ? "–" : String(count));
  const rows = checks.map(({ task, language, split, rows: count, paperRows, problem }) => {
    return [task, language, split, shown(count), shown(paperRows), problem ?? ""];
  });
  return formatTable(columns, rows);
}
