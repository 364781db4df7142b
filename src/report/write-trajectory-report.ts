/** Writes a trajectory as files: HTML, Markdown, JSON, and every figure as SVG with its data as CSV. */
import type { TaskPredictions } from "../evaluate/results.ts";
import type { TrajectoryResults } from "../trajectory/results.ts";
import { trajectoryDocument } from "./trajectory-document.ts";
import { predictionFile } from "./write-evaluation-report.ts";
import { writeReport } from "./write-report.ts";

/**
 * Writes `report.html` (one file that needs nothing else), `report.md`, `report.json`, `figures/NAME.svg` and
 * `figures/NAME.csv` into a folder, which is made; an earlier report in it is replaced.
 *
 * @param predictions what `onPredictions` has told: kept as `predictions.jsonl`
 * @returns the names of the files, relative to the folder
 * @throws {TiesmithError} `OUTPUT_EXISTS` for a folder of other files; `IO_FAILED`
 * @example
 * await writeTrajectoryReport(await trajectory("ties.yaml", ["sib200:tam"], { series, data }), "report");
 */
export async function writeTrajectoryReport(
  results: TrajectoryResults,
  folder: string,
  predictions: readonly TaskPredictions[] = [],
): Promise<string[]> {
  return writeReport(trajectoryDocument(results), results, folder, predictionFile(predictions));
}
