/** A search in words: the winners on dev rows, the comparison on test rows, what it took. */
import type { SearchResults, SearchStatus, Trial } from "../index.ts";
import { formatEvaluation } from "./evaluate-text.ts";
import { formatDuration, formatShare, plural } from "./quantities.ts";
import { formatTable } from "./table.ts";
import { printable } from "./terminal.ts";

/** A finished search. */
export function formatSearch(results: SearchResults, markdown: boolean): string {
  const { test, tunedOn } = results;
  const rows = tunedOn.reduce((sum, own) => sum + own.rows, 0);
  const tuned = `Tuned on ${plural(rows, "row")} of ${tunedOn.map(({ task, language, split }) => `${task} ${language} ${split}`).join(", ")}`;
  const parts = [winnersTable(results), tuned, costLine(results)];
  if (test !== null) parts.unshift(formatEvaluation(test, markdown));
  return parts.join("\n\n");
}

/** A search as it stands. */
export function formatStatus({ results, running }: SearchStatus): string {
  const { methods, trials, complete, strategy, objective } = results;
  const right = "right" as const;
  const columns = [
    { title: "Method" },
    ...["trials", "of", "failed"].map((title) => ({ title, align: right })),
  ];
  const rows = methods.map(({ name, trialCount }) => {
    const own = trials.filter(({ method }) => method === name);
    const failed = own.filter(({ status }) => status === "failed").length;
    return [name, String(own.length), String(trialCount), String(failed)];
  });
  const state = complete ? "complete" : "not complete";
  const parts = [
    `${strategy} search, ${state}; objective: ${printable(objective)}`,
    formatTable(columns, rows),
    winnersTable(results),
  ];
  if (running.length > 0)
    parts.push(
      running.map(({ trial, host, pid }) => `${trial} runs on ${printable(host)} (${pid})`).join("\n"),
    );
  return [...parts, costLine(results)].filter((part) => part !== "").join("\n\n");
}

function winnersTable({ winners, tunedOn, trials, best }: SearchResults): string {
  if (winners.length === 0) return "";
  const right = "right" as const;
  const tasks = tunedOn.map(({ task, language }) => ({ task, language }));
  const columns = [
    { title: "Best on dev rows" },
    { title: "objective", align: right },
    ...tasks.map(({ task, language }) => ({ title: `${task} ${language}`, align: right })),
    { title: "parameters" },
  ];
  const rows = winners.map(({ method, trial, objective, scores, parameters }) => [
    `${method === best ? "* " : "  "}${trial}`,
    percent(objective),
    ...tasks.map(({ task, language }) => {
      const score = scores.find((own) => own.task === task && own.language === language);
      return score === undefined ? "–" : percent(score.value);
    }),
    Object.entries(parameters)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  ]);
  return [formatTable(columns, rows), ...failures(trials)].join("\n");
}

function failures(trials: readonly Trial[]): string[] {
  const failed = trials.filter(({ status }) => status === "failed");
  const [first] = failed;
  if (first === undefined) return [];
  return [`${plural(failed.length, "trial")} failed, the first ${first.id}: ${printable(first.error ?? "")}`];
}

function costLine({ cost }: SearchResults): string {
  const { trials, seconds, mergeShare, mergeSecondsPerTrial, evaluateSecondsPerTrial, hosts } = cost;
  const machines = hosts.length > 1 ? ` on ${plural(hosts.length, "machine")}` : "";
  const per = `${mergeSecondsPerTrial.toFixed(2)} s to merge and ${evaluateSecondsPerTrial.toFixed(2)} s to score one (medians)`;
  return `${plural(trials, "trial")} in ${formatDuration(seconds)}${machines}: ${per}; merging took ${formatShare(mergeShare, 1)} of the trials' time`;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
