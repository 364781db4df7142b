/** What slack was worth: scores against slack, everything else as the winner has it, and tuned anew. */
import type { SearchMethod, SearchResults, Trial, Winner } from "../search/results.ts";
import type { Datum, Figure } from "./document.ts";
import { bestOf, slug, standsFor } from "./search-grid.ts";
import { LIGHT, PERCENT_AXIS, SERIES_COLOURS } from "./theme.ts";

/** One figure for each method with a variable for slack that was tried at two values or more. */
export function slackFigures({ methods, winners, trials }: SearchResults): Figure[] {
  return methods.flatMap((method): Figure[] => {
    const slack = method.variables.find(({ name }) => standsFor(method.template, "slack", name))?.name;
    const winner = winners.find((own) => own.method === method.name);
    if (slack === undefined || winner === undefined) return [];
    const own = trials.filter((trial) => trial.method === method.name && trial.status === "done");
    const figure = slackFigure(method, slack, winner, own);
    return figure === null ? [] : [figure];
  });
}

const AVERAGE = "objective";
const ANEW = "objective, retuned";

function slackFigure(
  method: SearchMethod,
  slack: string,
  winner: Winner,
  trials: readonly Trial[],
): Figure | null {
  const held = Object.entries(winner.parameters).filter(([name]) => name !== slack);
  const alike = trials.filter(({ parameters }) => held.every(([name, value]) => parameters[name] === value));
  if (new Set(alike.map(({ parameters }) => parameters[slack])).size < 2) return null;
  const data = pointsOf(slack, alike, trials);
  const others = held.map(([name, value]) => `${name} ${String(value)}`).join(", ");
  return {
    name: `slack-${slug(method.name)}`,
    title: `${method.name}: scores by slack, on the dev rows`,
    caption: `${others === "" ? "" : `At ${others}, as the winner has them; `}dashed (retuned): the best of all trials with that slack.`,
    data,
    spec: (width) => linesOf([...new Set(data.map(({ series }) => series as string))], width),
  };
}

/** For each slack: the objective and the tasks of the trial like the winner, and the best of all. */
function pointsOf(slack: string, alike: readonly Trial[], trials: readonly Trial[]): Datum[] {
  const values = [...new Set(trials.map(({ parameters }) => Number(parameters[slack])))].sort(
    (a, b) => a - b,
  );
  const at = (own: readonly Trial[], value: number) =>
    bestOf(own.filter(({ parameters }) => Number(parameters[slack]) === value));
  const objective = (series: string, value: number, trial: Trial | undefined): Datum[] =>
    trial === undefined ? [] : [{ slack: value, series, score: trial.objective }];
  return values.flatMap((value): Datum[] => {
    const same = at(alike, value);
    const tasks = (same?.scores ?? []).map(({ task, language, value: score }): Datum => {
      return { slack: value, series: `${task} ${language}`, score };
    });
    return [...objective(AVERAGE, value, same), ...objective(ANEW, value, at(trials, value)), ...tasks];
  });
}

function linesOf(series: readonly string[], width: number): object {
  const tasks = series.filter((name) => name !== AVERAGE && name !== ANEW);
  const colours = tasks.map((_, i) => SERIES_COLOURS[i % SERIES_COLOURS.length]);
  return {
    height: 240,
    mark: { type: "line", strokeWidth: 2.5, point: { size: 50, filled: true } },
    encoding: {
      x: { field: "slack", type: "quantitative", title: "slack", axis: PERCENT_AXIS },
      y: { field: "score", type: "quantitative", title: "right answers", axis: PERCENT_AXIS },
      color: {
        ...{ field: "series", type: "nominal", title: null },
        legend: { columns: width < 500 ? 1 : 3 },
        scale: { domain: [AVERAGE, ANEW, ...tasks], range: [LIGHT.ink, LIGHT.muted, ...colours] },
      },
      strokeDash: { condition: { test: `datum.series === '${ANEW}'`, value: [6, 4] }, value: [1, 0] },
    },
  };
}
