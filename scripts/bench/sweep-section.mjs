/** The section of docs/performance.md about sizes, and its figure, from the sweep's results. */

const BEGIN = "<!-- sweep -->";
const END = "<!-- /sweep -->";

const AXIS = "billions of parameters (solid: inputs in the page cache, dashed: on the disk)";

const HEADING = [
  ...["size", "method", "inputs", "floor", "merge", "merge ÷ floor", "GB/s", "anonymous memory"],
  ...["passes", "disk reads"],
];

/**
 * @typedef {object} SweepRow
 * @property {string} size
 * @property {number} parameterCount
 * @property {string} method
 * @property {"cold" | "warm"} mode
 * @property {number} threads
 * @property {number} runs
 * @property {number} inputBytes
 * @property {number} outputBytes
 * @property {number} floorSeconds
 * @property {number} mergeSeconds
 * @property {number} ratio
 * @property {number} rssAnonPeakBytes
 * @property {number} passes
 * @property {number} diskReads
 */

/** @typedef {{ machine: string | null, rows: SweepRow[] }} SweepResults */

/**
 * The lines between the markers.
 *
 * @param {SweepResults} results
 */
export function sweepSection({ machine, rows }) {
  if (rows.length === 0) return "Not measured yet: `node scripts/bench/sweep.mjs`.";
  const runs = [...new Set(rows.map((row) => row.runs))].join(" or ");
  return [
    `Medians of ${runs} runs; ${machine}.`,
    "",
    ...markdownTable([HEADING, ...rows.map(cellsOf)]),
    "",
    "![Seconds of a merge by the size of the models](figures/sweep.svg)",
  ].join("\n");
}

/** A page whose section between the markers is `section`. */
export function withSection(page, section) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(
      `Expected ${BEGIN} and ${END} in docs/performance.md, in this order, but they are not there`,
    );
  return `${page.slice(0, begin + BEGIN.length)}\n\n${section}\n\n${page.slice(end)}`;
}

/**
 * Seconds against parameters, both on logarithmic axes: cost that is linear in the parameters is a line of slope 1.
 *
 * @param {SweepResults} results
 * @returns a figure for src/report/render-svg.ts
 */
export function sweepFigure({ rows }) {
  const data = rows.map(({ parameterCount, mergeSeconds, method, mode }) => ({
    ...{ billions: parameterCount / 1e9, seconds: mergeSeconds, method, inputs: mode },
  }));
  const scale = { type: "log", nice: false };
  const methods = { domain: ["ties", "ties_sv", "linear"], range: ["#2f6fd0", "#c4446a", "#3c8f4a"] };
  const modes = {
    domain: ["warm", "cold"],
    range: [
      [1, 0],
      [5, 4],
    ],
  };
  return {
    name: "sweep",
    title: "Seconds of a merge by the size of the models",
    caption: "Inputs on the disk (cold) or in the page cache (warm); both axes are logarithmic.",
    data,
    spec: () => ({
      height: 300,
      mark: { type: "line", point: { size: 45 }, strokeWidth: 2 },
      encoding: {
        x: {
          ...{ field: "billions", type: "quantitative", scale, title: AXIS },
          axis: { values: [...new Set(data.map(({ billions }) => billions))], format: ".2~f" },
        },
        y: { field: "seconds", type: "quantitative", scale, title: "seconds" },
        color: { field: "method", type: "nominal", scale: methods, title: null },
        strokeDash: { field: "inputs", type: "nominal", scale: modes, legend: null },
      },
    }),
  };
}

function cellsOf(row) {
  const seconds = (value) => `${value.toFixed(2)} s`;
  const bytesPerSecond = (row.inputBytes + row.outputBytes) / row.mergeSeconds;
  return [
    ...[row.size, `\`${row.method}\``, row.mode, seconds(row.floorSeconds), seconds(row.mergeSeconds)],
    ...[row.ratio.toFixed(2), (bytesPerSecond / 1e9).toFixed(2)],
    `${(row.rssAnonPeakBytes / 1e6).toFixed(0)} MB`,
    ...[row.passes.toFixed(2), row.diskReads.toFixed(2)],
  ];
}

function markdownTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const [heading, ...body] = rows;
  return [line(heading), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}
