/** The trials of a method over two of its variables: where in the space its good merges are. */
import type { Parameters, SearchMethod, SearchVariable, Trial, VariableValue } from "../search/results.ts";
import type { Datum, Figure } from "./document.ts";
import { rampScale, rampText } from "./ramp.ts";
import { LIGHT, PERCENT_AXIS } from "./theme.ts";

/** What is shown of a trial: its objective, or its score on one task. */
export interface Shown {
  /** For the names of files. */
  readonly code: string;
  readonly title: string;
  readonly of: (
    trial: Trial,
  ) => { readonly value: number; readonly low?: number; readonly high?: number } | null;
}

/** Variables that are chosen at all: densities first, then in the order of the spec. */
export function variedOf({ variables, template }: SearchMethod): SearchVariable[] {
  const varied = variables.filter(({ values }) => values === null || values.length > 1);
  const isDensity = ({ name }: SearchVariable) => standsFor(template, "density", name);
  return [...varied.filter(isDensity), ...varied.filter((variable) => !isDensity(variable))];
}

/** Whether a recipe has the variable as the value of a key: `density: ${k_ct}`. */
export function standsFor(template: string, key: string, variable: string): boolean {
  return new RegExp(`["']?\\b${key}["']?\\s*:\\s*["']?\\$\\{\\s*${variable}\\s*\\}`).test(template);
}

/** One figure for a method: a heat map of two variables, a line of one, points where they are ranges. */
export function gridFigure(method: SearchMethod, trials: readonly Trial[], shown: Shown): Figure | null {
  const [first, second, ...rest] = variedOf(method);
  const done = trials.filter((trial) => trial.method === method.name && trial.status === "done");
  if (first === undefined || done.length < 2) return null;
  const name = `grid-${slug(method.name)}-${shown.code}`;
  const others = rest.map((variable) => variable.name);
  const title = `${method.name}: ${shown.title} on the dev rows`;
  if (second === undefined) return lineFigure({ name, title }, first, done, shown);
  if (first.values === null || second.values === null)
    return pointFigure({ name, title }, [first, second], done, shown);
  return heatFigure({ name, title }, [first, second], others, done, shown);
}

interface Named {
  readonly name: string;
  readonly title: string;
}

/** Of trials that differ in other variables the one with the best objective stands for a cell. */
function heatFigure(
  named: Named,
  [first, second]: readonly [SearchVariable, SearchVariable],
  others: readonly string[],
  trials: readonly Trial[],
  shown: Shown,
): Figure {
  const cells = (second.values ?? []).flatMap((b) =>
    (first.values ?? []).flatMap((a): Datum[] => {
      const own = trials.filter(
        ({ parameters }) => parameters[first.name] === a && parameters[second.name] === b,
      );
      const best = bestOf(own);
      const score = best === undefined ? null : shown.of(best);
      if (best === undefined || score === null) return [];
      const held = valuesOf(best.parameters, others);
      return [{ first: String(a), second: String(b), share: score.value, trial: best.id, others: held }];
    }),
  );
  const rest =
    others.length === 0
      ? ""
      : ` Each cell has the value of ${others.join(", ")} that gave the best objective there; the CSV tells which.`;
  return {
    ...named,
    caption: `Right answers in percent, for each pair of ${first.name} and ${second.name}.${rest}`,
    data: cells,
    spec: (width) => heatSpec(cells, [first, second], width),
  };
}

/** The first variable upwards, the second to the right; colours from the least to the largest. */
function heatSpec(
  cells: readonly Datum[],
  [first, second]: readonly [SearchVariable, SearchVariable],
  width: number,
): object {
  const shares = cells.map(({ share }) => share as number);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  const domain = ({ values }: SearchVariable) => (values ?? []).map(String);
  const axis = (field: string, title: string) => ({ field, type: "ordinal", title });
  const colour = { ...rampScale(most), domain: [least, most === least ? least + 1 : most] };
  return {
    height: { step: 30 },
    encoding: {
      y: { ...axis("first", first.name), scale: { domain: domain(first).reverse() } },
      x: { ...axis("second", second.name), scale: { domain: domain(second) }, axis: { labelAngle: 0 } },
    },
    layer: [
      {
        mark: { type: "rect" },
        encoding: { color: { field: "share", type: "quantitative", legend: null, scale: colour } },
      },
      {
        mark: { type: "text", fontSize: width < 500 ? 11 : 13 },
        encoding: rampText("share", [least, most], width < 500 ? ".0%" : ".1%"),
      },
    ],
  };
}

function lineFigure(named: Named, variable: SearchVariable, trials: readonly Trial[], shown: Shown): Figure {
  const data = trials.flatMap((trial): Datum[] => {
    const score = shown.of(trial);
    const at = trial.parameters[variable.name];
    if (score === null || at === undefined) return [];
    return [
      {
        at: plain(at),
        score: score.value,
        low: score.low ?? null,
        high: score.high ?? null,
        trial: trial.id,
      },
    ];
  });
  const hasIntervals = data.some(({ low }) => low !== null);
  const isNumber = data.every(({ at }) => typeof at === "number");
  const x = {
    ...{ field: "at", type: isNumber ? "quantitative" : "ordinal", title: variable.name },
    ...(isNumber ? { scale: { zero: false, padding: 8 } } : { axis: { labelAngle: 0 } }),
  };
  const y = { type: "quantitative", title: "right answers", axis: PERCENT_AXIS };
  return {
    ...named,
    caption: `Right answers for each value of ${variable.name}${hasIntervals ? "; lines are 95 % intervals" : ""}.`,
    data,
    spec: () => ({
      height: 220,
      layer: [
        {
          transform: [{ filter: "datum.low !== null" }],
          mark: { type: "rule", color: LIGHT.muted },
          encoding: { x, y: { ...y, field: "low", scale: { zero: true } }, y2: { field: "high" } },
        },
        {
          mark: {
            type: "line",
            color: LIGHT.first,
            strokeWidth: 2.5,
            point: { size: 50, filled: true, color: LIGHT.first },
          },
          encoding: { x, y: { ...y, field: "score" } },
        },
      ],
    }),
  };
}

function pointFigure(
  named: Named,
  [first, second]: readonly [SearchVariable, SearchVariable],
  trials: readonly Trial[],
  shown: Shown,
): Figure {
  const data = trials.flatMap((trial): Datum[] => {
    const score = shown.of(trial);
    const [a, b] = [trial.parameters[first.name], trial.parameters[second.name]];
    if (score === null || a === undefined || b === undefined) return [];
    return [{ first: plain(a), second: plain(b), share: score.value, trial: trial.id }];
  });
  const shares = data.map(({ share }) => share as number);
  const axis = (field: string, { name, values, range }: SearchVariable) => ({
    ...{ field, title: name, type: values === null ? "quantitative" : "ordinal" },
    scale:
      values === null
        ? { type: range?.scale ?? "linear", zero: false, nice: true }
        : { domain: values.map(String) },
  });
  return {
    ...named,
    caption: `Right answers of each trial, by its ${first.name} and ${second.name}.`,
    data,
    spec: (width) => ({
      height: 260,
      mark: { type: "point", filled: true, size: 110, opacity: 1, stroke: LIGHT.muted, strokeWidth: 1 },
      encoding: {
        y: axis("first", first),
        x: { ...axis("second", second), axis: { labelAngle: 0 } },
        color: {
          ...{ field: "share", type: "quantitative", title: "right answers" },
          scale: { ...rampScale(1), domain: [Math.min(...shares), Math.max(...shares)] },
          legend: { format: ".0%", gradientLength: Math.min(300, width - 60), tickCount: 4 },
        },
      },
    }),
  };
}

/** The first with the best objective. */
export function bestOf(trials: readonly Trial[]): Trial | undefined {
  return trials.reduce<Trial | undefined>((best, trial) => {
    return best === undefined || (trial.objective ?? -1) > (best.objective ?? -1) ? trial : best;
  }, undefined);
}

/** `lambda 1.5, slack 0.04`. */
export function valuesOf(parameters: Parameters, names: readonly string[] = Object.keys(parameters)): string {
  return names.map((name) => `${name} ${String(parameters[name])}`).join(", ");
}

/** As a name of files may have it. */
export function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

const plain = (value: VariableValue): number | string => (typeof value === "number" ? value : String(value));
