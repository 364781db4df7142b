import { isPrepared } from "./contest.mjs";
import { summarize } from "./statistics.mjs";
import { formatTable } from "./table.mjs";

const HEADING = [
  ...["method", "scope", "mode", "threads", "floor s", "merge s", "ratio", "(min to max)", "GB/s"],
  ...["RssAnon MB", "RssFile MB", "passes", "disk reads", "disk GB", "resident"],
];

/**
 * One row a contest: medians of the times, the median of the ratios of each pair with its spread, peaks over all
 * runs. "passes" counts how often the merge goes through its inputs, samples included; "disk reads" how often they were
 * read from the disk, "disk GB" in bytes; "resident" is the share of the inputs that the page cache held before the
 * merge (for cold runs the largest seen, for warm runs the smallest).
 *
 * @param {import("./contest.mjs").Result[]} results
 */
export function formatResults(results) {
  return formatTable([HEADING, ...results.map(formatRow)]);
}

/** The runs whose inputs were not in the page cache, or not out of it, as their mode wants; none if all is well. */
export function listUnprepared(results) {
  return results.flatMap(({ method, mode, pairs }) =>
    pairs.flatMap((pair, run) =>
      isPrepared(mode, pair.residentShare) && isPrepared(mode, pair.floorResidentShare)
        ? []
        : [
            `${mode} ${method} run ${run + 1}: the page cache held ${percent(pair.floorResidentShare)} of the inputs before the floor and ${percent(pair.residentShare)} before the merge`,
          ],
    ),
  );
}

/** One pair in one line, for progress. */
export function formatPair({ method, mode, threadCount }, run, runCount, pair) {
  return (
    `${mode} ${method}, ${threadCount} threads, run ${run} of ${runCount}: floor ${pair.floorSeconds.toFixed(2)} s, ` +
    `merge ${pair.mergeSeconds.toFixed(2)} s, ratio ${pair.ratio.toFixed(2)}, RssAnon ${megabytes(pair.rssAnonPeakBytes)} MB`
  );
}

function formatRow({ method, scope, mode, threadCount, inputBytes, pairs, phases }) {
  const spread = (key) => summarize(pairs.map((pair) => pair[key]));
  const ratio = spread("ratio");
  const resident = spread("residentShare");
  return [
    ...[method, scope, mode, String(threadCount)],
    ...[spread("floorSeconds").median.toFixed(2), spread("mergeSeconds").median.toFixed(2)],
    ...[ratio.median.toFixed(2), `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`],
    (spread("bytesPerSecond").median / 1e9).toFixed(2),
    ...[megabytes(spread("rssAnonPeakBytes").max), megabytes(spread("rssFilePeakBytes").max)],
    phases === null ? "-" : (phases.readBytes / inputBytes).toFixed(2),
    (spread("diskReadBytes").median / inputBytes).toFixed(2),
    (spread("diskReadBytes").median / 1e9).toFixed(2),
    percent(mode === "cold" ? resident.max : resident.min),
  ];
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
