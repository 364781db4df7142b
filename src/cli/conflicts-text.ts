/** An analysis as text: small tables, and rows of blocks for what is a curve. */
import type { ConflictsReport, GroupFigures, ModelFigures } from "../index.ts";
import { formatCount, formatMagnitude, formatShare, formatWhole, plural } from "./quantities.ts";
import { sparkline } from "./sparkline.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./terminal.ts";

/** The summary as text: the whole model, its parts, and what else was asked for. */
export function formatConflicts(report: ConflictsReport): string {
  const parts = [
    head(report),
    taskVectors(report),
    election(report),
    norms(report),
    pairs(report),
    kinds(report),
    curves(report),
    series(report),
    slackCurve(report),
    densityGrid(report),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

const right = (title: string): Column => ({ title, align: "right" });

/** A share that may be one of nothing. */
export function formatRatio(ratio: number | null, digits = 2): string {
  return ratio === null ? "–" : formatShare(ratio, 1, digits);
}

function head({ method, scope, base, tensorCount, parameters, run }: ConflictsReport): string[] {
  const cuts = scope === "model" ? "cuts over the model" : "cuts in each tensor";
  return [
    `${method} on ${printable(base)}, ${cuts}: ${plural(tensorCount, "tensor")}, ${formatWhole(parameters)} parameters`,
    `analysed in ${run.seconds.toFixed(1)} s (${plural(run.threads, "thread")}, ${run.kernel})`,
  ];
}

function taskVectors({ models }: ConflictsReport): string[] {
  const columns = [
    { title: "task vector" },
    ...["density", "zero", "in conflict", "zero votes", "discarded", "without 0s", "mass"].map(right),
  ];
  const rows = models.map((model) => [
    model.model,
    formatRatio(model.density),
    formatRatio(model.zeroShare),
    formatRatio(model.conflictShare),
    formatShare(model.zeroVotes, model.retained),
    formatRatio(model.discardedShare),
    formatRatio(model.discardedShareWithoutZeroVotes),
    formatRatio(model.discardedMass),
  ]);
  return [formatTable(columns, rows)];
}

function election({
  conflicts,
  parameters,
  models,
  givenBack,
  slack,
  largestForgiven,
  analysed,
}: ConflictsReport) {
  const winners = models.map(
    ({ model, conflictsWon }) => `${model} wins ${formatShare(conflictsWon, conflicts)}`,
  );
  const lines = [
    `${plural(conflicts, "parameter")} in conflict, ${formatShare(conflicts, parameters)} of the model: ${printable(winners.join(", "))}`,
  ];
  if (slack !== null) {
    const forgiven =
      largestForgiven === null ? "" : `, the largest difference ${formatMagnitude(largestForgiven)}`;
    lines.push(`slack gives ${plural(givenBack, "parameter")} back${forgiven}`);
  }
  const own = models.find(({ model }) => model === analysed) as ModelFigures;
  lines.push(`discarded ÷ retained of ${printable(analysed)} (Figure 4): ${formatRatio(own.discardedShare)}`);
  return lines;
}

function norms({ models }: ConflictsReport): string[] {
  const columns = [{ title: "norms" }, ...["L1", "trimmed", "L2", "trimmed", "max"].map(right)];
  const rows = models.map(({ model, l1, l1Trimmed, l2, l2Trimmed, largest }) => [
    model,
    ...[l1, l1Trimmed, l2, l2Trimmed, largest].map(formatNorm),
  ]);
  return [formatTable(columns, rows)];
}

function formatNorm(norm: number): string {
  return norm >= 1000 ? formatWhole(Math.round(norm)) : formatMagnitude(norm);
}

function pairs({ pairs: all }: ConflictsReport): string[] {
  if (all.length === 0) return [];
  const columns = [{ title: "pair" }, ...["same sign", "trimmed", "cosine", "trimmed"].map(right)];
  const cosine = (value: number | null) => (value === null ? "–" : value.toFixed(3));
  const rows = all.map(({ models: [a, b], before, after }) => [
    `${a}, ${b}`,
    formatRatio(before.signAgreement, 1),
    formatRatio(after.signAgreement, 1),
    cosine(before.cosine),
    cosine(after.cosine),
  ]);
  return [formatTable(columns, rows)];
}

function modelOf(figures: { models: readonly ModelFigures[] }, name: string): ModelFigures {
  return figures.models.find(({ model }) => model === name) as ModelFigures;
}

function kinds({ kinds: all, analysed }: ConflictsReport): string[] {
  const columns = [
    { title: `of ${printable(analysed)}` },
    ...["parameters", "density", "in conflict", "discarded", "mass"].map(right),
  ];
  const rows = all.map((group) => {
    const own = modelOf(group, analysed);
    return [
      group.kind ?? "",
      formatCount(group.parameters),
      formatRatio(own.density),
      formatRatio(own.conflictShare),
      formatRatio(own.discardedShare),
      formatRatio(own.discardedMass),
    ];
  });
  return [formatTable(columns, rows)];
}

function curves({ layers, histograms, analysed }: ConflictsReport): string[] {
  const lines: string[] = [];
  if (layers.length > 1) {
    const shares = layers.map((layer: GroupFigures) => modelOf(layer, analysed).discardedShare);
    const known = shares.filter((share) => share !== null);
    const range = `${formatRatio(Math.min(...known))} to ${formatRatio(Math.max(...known))}`;
    lines.push(`discarded by layer   ${sparkline(shares)}  ${range}`);
  }
  for (const { model, bins } of histograms) {
    const [first, last] = [bins[0], bins.at(-1)];
    if (first === undefined || last === undefined) continue;
    const blocks = sparkline(bins.map(({ count }) => count));
    lines.push(`|tau| of ${printable(model)}   2^${first.exponent} ${blocks} 2^${last.exponent + 1}`);
  }
  return lines;
}

function series({ series: all, analysed }: ConflictsReport): string[] {
  if (all === null) return [];
  const columns = [
    { title: "checkpoint" },
    ...[all.xTitle, "in conflict", "it wins", "it loses", "L2 of checkpoint"].map(right),
  ];
  const shares = all.points.map(({ figures }) => modelOf(figures, analysed).discardedShare);
  const rows = all.points.map(({ checkpoint, x, figures }) => {
    const own = modelOf(figures, analysed);
    return [
      checkpoint,
      String(x),
      formatRatio(own.conflictShare),
      formatShare(own.conflictsWon, own.retained),
      formatRatio(own.discardedShare),
      formatNorm(modelOf(figures, checkpoint).l2),
    ];
  });
  const lines = [
    formatTable(columns, rows),
    `discarded ÷ retained of ${printable(analysed)}   ${sparkline(shares)}`,
  ];
  if (all.rise !== null) lines.push(ruleForSlack(all.rise));
  return lines;
}

/** Section 6.2 of the paper: as much slack as the share has risen. */
function ruleForSlack(rise: number): string {
  const percent = `${(100 * rise).toFixed(2)} points`;
  if (rise <= 0) return `It rises by ${percent} from first to last: by the paper's rule, no slack is needed`;
  return `It rises by ${percent} from first to last: by the paper's rule, try slack: ${Number(rise.toPrecision(2))}`;
}

function slackCurve({ slackCurve: curve, analysed }: ConflictsReport): string[] {
  if (curve === null) return [];
  const { points, knee, of, discarded } = curve;
  if (points.length === 0) return [`slack has nothing to give back: ${printable(analysed)} loses nothing`];
  const columns = [right("slack"), right("given back"), right("largest forgiven")];
  const step = Math.max(1, Math.floor(points.length / 10));
  const shown = points.filter((_, i) => (points.length - 1 - i) % step === 0);
  const rows = shown.map((point) => [
    formatRatio(point.slack),
    formatWhole(point.given),
    formatMagnitude(point.largestForgiven),
  ]);
  const about = `slack as a share of the ${of} parameters of ${printable(analysed)}, which loses ${formatWhole(discarded)}`;
  const bend =
    knee === null
      ? []
      : [`knee at slack ${formatRatio(knee.slack)}: ${formatMagnitude(knee.largestForgiven)} forgiven`];
  return [about, formatTable(columns, rows), ...bend];
}

function densityGrid({ densityGrid: grid, analysed }: ConflictsReport): string[] {
  if (grid === null) return [];
  const { densities, varied, cells } = grid;
  const shareOf = (cell: (typeof cells)[number]) =>
    formatRatio(cell.models.find(({ model }) => model === analysed)?.discardedShare ?? null);
  if (varied.length === 1) {
    const rows = cells.map((cell, i) => [String(densities[i]), shareOf(cell)]);
    return [formatTable([right(`density of ${printable(varied[0] as string)}`), right("discarded")], rows)];
  }
  const [first = "", second = ""] = varied.map(printable);
  const rows = densities.map((density, i) => [
    String(density),
    ...densities.map((_, j) => shareOf(cells[i * densities.length + j] as (typeof cells)[number])),
  ]);
  const title = `discarded ÷ retained of ${printable(analysed)}: rows, density of ${first}; columns, of ${second}`;
  return [title, formatTable([right(""), ...densities.map((density) => right(String(density)))], rows)];
}
