/** The demonstration as a whole: its page, its table, and that a second run finds the same merges. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DemoResults, demo } from "tiesmith";
import { describe, expect, it } from "vitest";
import { escapeXml } from "../../src/report/render-svg.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { tiesmith } from "../cli/command-line.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";

const table = ({ test, languages, trajectory }: DemoResults) => [
  ...[...test.scores, ...languages.scores].map(({ model, task, language, correct }) => [
    model,
    task,
    language,
    correct,
  ]),
  ...trajectory.curves.flatMap(({ points }) => points.map(({ averages }) => averages)),
];

/** On a machine that does other things, too. */
const MINUTES = { timeout: 300_000, maxBuffer: 1 << 26 };

describe("tiesmith demo --fast", () => {
  it("writes one page, tells what it shows, and gives the same a second time", () => {
    const folder = temporaryFolder();
    const first = tiesmith(["demo", "--fast", "--out", "seen"], folder, MINUTES);
    expect(first.status, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/^On the test rows/);
    expect(first.stdout).toMatch(/\nTIES-X-Y +\d/);
    expect(first.stdout).toMatch(/\nIt (shows|does not show|leaves open):\n {2}- /);
    expect(first.stdout).toContain("not evidence for the paper");
    expect(first.stdout).toMatch(/Open seen\/report\.html\n$/);
    const report = () => JSON.parse(readFileSync(join(folder, "seen/report.json"), "utf8")) as DemoResults;
    const before = report();
    expect(before.findings).toHaveLength(11);
    const html = readFileSync(join(folder, "seen/report.html"), "utf8");
    for (const { paper } of before.findings) expect(html.includes(`${escapeXml(paper)} (`), paper).toBe(true);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(existsSync(join(folder, "seen/fast/models/TIES-SV/tiesmith.json"))).toBe(true);

    // Everything is merged again; no row is asked again, since the bytes of all merges are the same.
    const again = tiesmith(["demo", "--fast", "--out", "seen", "--json", "--quiet"], folder, MINUTES);
    expect(again.status, again.stderr).toBe(0);
    const second = JSON.parse(again.stdout) as DemoResults;
    expect(table(second)).toEqual(table(before));
    expect(second.findings).toEqual(before.findings);
    expect(second.test.scores.every(({ cachedRows, rows }) => cachedRows === rows)).toBe(true);
  }, 600_000);

  it("refuses a folder of other files, and models that are not there", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    const other = tiesmith(["demo", "--out", "."], folder);
    expect([other.status, other.stdout]).toEqual([2, ""]);
    expect(other.stderr).toMatch(/hold an earlier report/);
    const absent = tiesmith(["demo", "--examples", "nowhere"], folder);
    expect([absent.status, absent.stdout]).toEqual([2, ""]);
    expect(absent.stderr).toMatch(/examples\/tinylang\): name that folder with --examples/);
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });
});

/** Minutes: TIESMITH_FULL_DEMO=1 runs it. */
describe.skipIf(process.env.TIESMITH_FULL_DEMO === undefined)("the full demonstration", () => {
  it("comes within two rows a task of PyTorch's accuracies where the merge is the same", async () => {
    const { test, trajectory, search } = await demo({ out: join(temporaryFolder(), "demo") });
    const reference: Record<string, Record<string, number>> = JSON.parse(
      readFileSync(join(TINYLANG, "reference.json"), "utf8"),
    );
    const { w_sft } = search.winners.find(({ method }) => method === "WAVG")?.parameters ?? {};
    const columns = new Map(test.tasks.map(({ task, column }) => [task, column]));
    /** How far a model's tasks are from a key of the reference, in percentage points. */
    const away = (model: string, key: string) => {
      const accuracies = reference[`test/X/${key}`] as Record<string, number>;
      const own = test.scores.filter((score) => score.model === model);
      expect(own).toHaveLength(3);
      return Math.max(
        ...own.map(({ task, value }) =>
          Math.abs(100 * value - (accuracies[columns.get(task) ?? ""] as number)),
        ),
      );
    };
    for (const name of ["base", "ct-x", "sft", "ctsft-x"])
      expect(away(name, name), name).toBeLessThanOrEqual(1);
    expect(w_sft).toBe(2.33);
    expect(away("WAVG", "best wavg sft=0.7")).toBeLessThanOrEqual(1);
    // PyTorch's trim keeps all tied elements, which are many in bfloat16: not the same merges, but near.
    expect(away("TIES-paper", "ties-sv 0 ct=1.0 sft=0.2 lam=1.5")).toBeLessThan(4);
    expect(away("TIES-SV-paper", "ties-sv 0.04 ct=1.0 sft=0.2 lam=1.5")).toBeLessThan(4);
    const shares = trajectory.conflicts?.series.points.map(
      ({ figures }) => figures.models[1]?.discardedShare,
    );
    expect(shares).toEqual([...(shares ?? [])].sort((a, b) => (a as number) - (b as number)));
  }, 900_000);
});
