/** An analysis as a document: what it found, in words, tables and figures. */
import type { Figures } from "../conflicts/figures.ts";
import type { ConflictsReport, GroupFigures } from "../conflicts/report-data.ts";
import { analysedOf, conflictBars, conflictsByKind, discardedLine, moduleMap } from "./conflicts-figures.ts";
import { type ReportDocument, type ReportSection, type ReportTable, right } from "./document.ts";
import { percent, three, whole } from "./numbers.ts";
import { gridFigure, slackFigure } from "./setting-figures.ts";
import { agreement, histogram } from "./task-vector-figures.ts";

/** Rows of the table of tensors: those that lose most. */
const LISTED_TENSORS = 20;
const POINTS_OF_CURVE = 12;

/** Sections for everything that the analysis was asked for. */
export function conflictsDocument(report: ConflictsReport): ReportDocument {
  const { method, scope, base, parameters, tensorCount, models } = report;
  const cuts = scope === "model" ? "cut over the whole model" : "cut in each tensor";
  return {
    title: `Sign conflicts: ${models.map(({ model }) => model).join(" + ")}`,
    lead: [
      `${method} on ${base}, trimmed by a ${cuts}: ${whole(parameters)} parameters in ${tensorCount} tensors. Nothing was merged.`,
      summary(report),
    ],
    sections: [
      ...seriesSection(report),
      wholeModel(report),
      parts(report),
      ...slackSection(report),
      ...gridSection(report),
      geometry(report),
      tensors(report),
    ],
  };
}

function summary(report: ConflictsReport): string {
  const { analysed, conflicts, parameters, slack, givenBack, largestForgiven } = report;
  const own = analysedOf(report, analysed);
  const lines = [
    `Two trimmed task vectors oppose each other in ${whole(conflicts)} parameters (${percent(conflicts / Math.max(1, parameters))}).`,
    `Of the ${whole(own.retained)} parameters that trim keeps of ${analysed}, ${percent(own.conflictShare)} are in conflict and ${percent(own.discardedShare)} are discarded, with ${percent(own.discardedMass)} of its mass.`,
  ];
  if (slack !== null)
    lines.push(
      `Slack gives ${whole(givenBack)} of them back${largestForgiven === null ? "" : `; the largest difference that it forgives is ${three(largestForgiven)}`}.`,
    );
  return lines.join(" ");
}

function wholeModel(report: ConflictsReport): ReportSection {
  const counts = [
    "parameters",
    "retained",
    "zero",
    "in conflict",
    "won",
    "zero votes",
    "discarded",
    "no zero votes",
  ];
  return {
    title: "The whole model",
    paragraphs: [
      "Retained: nonzero after trim. In conflict: another trimmed task vector has the opposite sign. Discarded: retained, but the election went the other way, before any slack. Zero votes: the votes add up to exactly zero, so that zero_sign decides; the last column leaves them out.",
    ],
    tables: [
      {
        title: "Parameters of each task vector",
        columns: [{ title: "model" }, ...counts.map(right)],
        rows: report.models.map((m) => [
          m.model,
          ...[m.parameters, m.retained, m.zero, m.inConflict, m.conflictsWon, m.zeroVotes].map(whole),
          ...[m.discarded, m.discardedWithoutZeroVotes].map(whole),
        ]),
      },
      {
        title: "The same as shares: of the parameters; of the retained ones; of their L1 norm (mass)",
        columns: [
          { title: "model" },
          ...["density", "zero", "in conflict", "discarded", "no zero votes", "mass"].map(right),
        ],
        rows: report.models.map((m) => [
          m.model,
          ...[m.density, m.zeroShare, m.conflictShare, m.discardedShare].map((share) => percent(share)),
          ...[m.discardedShareWithoutZeroVotes, m.discardedMass].map((share) => percent(share)),
        ]),
      },
    ],
  };
}

function groupRow(name: string, group: Figures, analysed: string): string[] {
  const own = analysedOf(group, analysed);
  return [
    name,
    ...[group.parameters, own.retained].map(whole),
    ...[own.density, own.conflictShare, own.discardedShare, own.discardedMass].map((share) => percent(share)),
  ];
}

const GROUP_COLUMNS = ["parameters", "retained", "density", "in conflict", "discarded", "mass"];

function groupTable(title: string, groups: readonly GroupFigures[], analysed: string): ReportTable {
  return {
    title: `${analysed} by ${title}: density, and shares of the retained and of their mass`,
    columns: [{ title }, ...GROUP_COLUMNS.map(right)],
    rows: groups.map((group) =>
      groupRow(String(title === "layer" ? group.layer : group.kind), group, analysed),
    ),
  };
}

function parts(report: ConflictsReport): ReportSection {
  const { kinds, layers, analysed } = report;
  return {
    title: "Where in the model",
    figures: [conflictsByKind(report), moduleMap(report)],
    tables: [
      groupTable("kind", kinds, analysed),
      ...(layers.length === 0 ? [] : [groupTable("layer", layers, analysed)]),
    ],
  };
}

function seriesSection({ series, analysed }: ConflictsReport): ReportSection[] {
  if (series === null) return [];
  const rows = series.points.map(({ checkpoint, x, figures }) => {
    const own = analysedOf(figures, analysed);
    const other = analysedOf(figures, checkpoint);
    const won = own.retained === 0 ? null : own.conflictsWon / own.retained;
    return [
      checkpoint,
      String(x),
      ...[own.conflictShare, won, own.discardedShare, own.discardedShareWithoutZeroVotes].map((share) =>
        percent(share),
      ),
      ...[other.l1, other.l2].map(three),
    ];
  });
  const titles = [series.xTitle, "in conflict", "won", "discarded", "no zero votes", "L1", "L2"];
  return [
    {
      title: `Along the training of ${series.replaced}`,
      paragraphs: [ruleForSlack(series.rise, analysed)],
      figures: [discardedLine(series, analysed), conflictBars(series, analysed)],
      tables: [
        {
          title: "Checkpoints: shares of the retained, and the norms of their task vectors",
          columns: [{ title: "checkpoint" }, ...titles.map(right)],
          rows,
        },
      ],
    },
  ];
}

function ruleForSlack(rise: number | null, analysed: string): string {
  if (rise === null) return `Nothing is retained of ${analysed} at one end of the series.`;
  const points = `${(100 * rise).toFixed(2)} percentage points`;
  const start = `From the first checkpoint to the last, discarded ÷ retained of ${analysed} changes by ${points}.`;
  if (rise <= 0) return `${start} The paper's rule gives back what more training has cost: here, nothing.`;
  return `${start} The paper's rule for slack (section 6.2) gives back as much as that share has risen: slack ${Number(rise.toPrecision(2))} of the retained.`;
}

function slackSection({ slackCurve, analysed }: ConflictsReport): ReportSection[] {
  if (slackCurve === null || slackCurve.points.length === 0) return [];
  const { points, of } = slackCurve;
  const step = Math.max(1, Math.floor(points.length / POINTS_OF_CURVE));
  const shown = points.filter((_, i) => (points.length - 1 - i) % step === 0);
  return [
    {
      title: "What slack would give back",
      figures: [slackFigure(slackCurve, analysed)],
      tables: [
        {
          title: `Some points of the curve; slack is a share of the ${of} parameters of ${analysed}`,
          columns: ["slack", "given back", "largest forgiven"].map(right),
          rows: shown.map((point) => [
            percent(point.slack),
            whole(point.given),
            three(point.largestForgiven),
          ]),
        },
      ],
    },
  ];
}

function gridSection({ densityGrid, analysed, models }: ConflictsReport): ReportSection[] {
  if (densityGrid === null) return [];
  const names = models.map(({ model }) => model);
  const columns = [
    ...densityGrid.varied.map((model) => `density of ${model}`),
    "retained",
    "in conflict",
    "discarded",
    "discarded ÷ retained",
  ];
  const rows = densityGrid.cells.map((cell) => {
    const own = analysedOf(cell as never, analysed);
    return [
      ...densityGrid.varied.map((model) => String(cell.densities[names.indexOf(model)])),
      ...[own.retained, own.inConflict, own.discarded].map(whole),
      percent(own.discardedShare),
    ];
  });
  return [
    {
      title: "Other densities",
      figures: [gridFigure(densityGrid, analysed, names)],
      tables: [{ title: `Counts of ${analysed}`, columns: columns.map(right), rows }],
    },
  ];
}

function geometry(report: ConflictsReport): ReportSection {
  const { models, pairs } = report;
  const norms: ReportTable = {
    title: "Norms of the task vectors",
    columns: [
      { title: "model" },
      ...["L1", "L1 trimmed", "L2", "L2 trimmed", "largest", "L1 discarded"].map(right),
    ],
    rows: models.map((m) => [
      m.model,
      ...[m.l1, m.l1Trimmed, m.l2, m.l2Trimmed, m.largest, m.l1Discarded].map(three),
    ]),
  };
  const agreements: ReportTable = {
    title: "Every two task vectors: the same sign where both are nonzero, and the cosine",
    columns: [{ title: "models" }, ...["same sign", "after trim", "cosine", "after trim"].map(right)],
    rows: pairs.map(({ models: [a, b], before, after }) => [
      `${a}, ${b}`,
      ...[before.signAgreement, after.signAgreement].map((share) => percent(share)),
      ...[before.cosine, after.cosine].map((cosine) => (cosine === null ? "–" : cosine.toFixed(4))),
    ]),
  };
  return {
    title: "The task vectors",
    figures: [histogram(report), ...(pairs.length === 0 ? [] : [agreement(report)])],
    tables: pairs.length === 0 ? [norms] : [norms, agreements],
  };
}

function tensors({ tensors: all, analysed }: ConflictsReport): ReportSection {
  const losing = [...all].sort(
    (a, b) => analysedOf(b, analysed).discarded - analysedOf(a, analysed).discarded,
  );
  const shown = losing.slice(0, LISTED_TENSORS);
  return {
    title: "Tensors that lose most",
    paragraphs: [
      `${shown.length} of ${all.length} tensors, by discarded parameters of ${analysed}; report.json has all of them.`,
    ],
    tables: [
      {
        columns: [{ title: "tensor" }, ...GROUP_COLUMNS.map(right)],
        rows: shown.map((tensor) => groupRow(tensor.name, tensor, analysed)),
      },
    ],
  };
}
