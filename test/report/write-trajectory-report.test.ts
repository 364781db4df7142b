/** What a trajectory is written as. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeTrajectoryReport } from "tiesmith";
import { expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { exampleReport } from "./example-report.ts";
import { exampleTrajectory, TRAJECTORY_FIGURES } from "./example-trajectory.ts";

it("a written trajectory has curves with intervals, conflicts beside them, and says what the figures say", async () => {
  const results = exampleTrajectory(await exampleReport());
  const folder = join(temporaryFolder(), "report");
  const files = await writeTrajectoryReport(results, folder);
  const figures = TRAJECTORY_FIGURES.flatMap((name) => [`figures/${name}.svg`, `figures/${name}.csv`]);
  expect([...files].sort()).toEqual(["report.html", "report.md", "report.json", ...figures].sort());
  const text = readFileSync(join(folder, "report.md"), "utf8");
  expect(text).toContain(
    "The merges score above ct-x alone at 3 of 3 checkpoints; at the last one the difference is +42.00 points.",
  );
  expect(text).toContain(
    "above CT-then-SFT at 2 of 3 checkpoints; at the last one the difference is −4.00 points.",
  );
  expect(text).toMatch(/\| SFT \| – \| 30\.0% \|/);
  expect(text).toMatch(/```yaml\nmerge_method: ties_sv\n/);
  const [titles, ...lines] = readFileSync(join(folder, "figures/trajectory-tam.csv"), "utf8")
    .trimEnd()
    .split("\r\n");
  expect(titles).toBe("curve,checkpoint,x,score,low,high,level");
  // A model that stands beside all checkpoints is drawn from the first to the last.
  expect(lines.filter((line) => line.startsWith("SFT,")).map((line) => line.split(",")[2])).toEqual([
    "100",
    "400",
  ]);
  expect(lines).toHaveLength(3 * 3 + 2);
});
