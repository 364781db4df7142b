/** The output's disk fills: a clear error, what is done is kept, and the merge goes on when there is room. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merge } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderFacts } from "../execute/merged-folder.ts";
import { FAULT_OPTIONS, faultRecipe, writeFaultModels } from "./fault-models.ts";
import { type DiskAnswer, type DiskKind, type DiskStep, missingDisk, runOnDisk } from "./small-disk.ts";

let folder = "";
let finished: unknown;
let tensorCount = 0;
let diskCount = 0;
const DISK_BYTES = 40 << 20;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  writeFaultModels(folder);
  const out = join(folder, "out");
  ({ tensorCount } = await merge(faultRecipe(folder), { ...FAULT_OPTIONS, out }));
  finished = folderFacts(out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Fill = NonNullable<Extract<DiskStep, { recipe: object }>["fill"]>;

/** Merges onto a disk that fills at a point, twice: as it is then, and after room was made. The result is checked. */
function mergeTwice(kind: DiskKind, fill: Fill, again: object): DiskAnswer[] {
  const disk = join(folder, `disk-${diskCount++}`);
  const copy = { from: join(disk, "out"), to: `${disk}-out` };
  const options = { ...FAULT_OPTIONS, out: copy.from };
  const recipe = faultRecipe(folder);
  const answers = runOnDisk(kind, disk, DISK_BYTES, [
    { recipe, options, fill },
    { recipe, options: { ...options, resume: true } },
    { free: true },
    { recipe, options: { ...options, ...again } },
    { copy },
  ]);
  expect(folderFacts(copy.to)).toEqual(finished);
  return answers.map(({ names, ...rest }) => ({
    ...rest,
    names: names.filter((name) => name !== "lost+found"),
  }));
}

const full = (advice: RegExp) => ({
  code: "DISK_FULL",
  message: expect.stringMatching(
    new RegExp(
      `^Expected room to write .*out\\.partial, but its disk is full \\(.*no space left.*\\); ${advice.source}$`,
      "i",
    ),
  ),
});
const KEPT = { ...full(/free some, and go on with --resume/), names: ["filler", "out.partial"] };
const DONE = { names: ["out"] };

const canMount = (kind: DiskKind) => {
  const reason = missingDisk(kind);
  if (reason !== null) console.log(`Skipped: no ${kind} disk can be mounted here: ${reason}`);
  return reason === null;
};

describe.skipIf(!canMount("tmpfs"))("on a disk that reserves room, full", () => {
  it("before the merge: it is refused by figures", () => {
    const disk = join(folder, "small");
    const options = { ...FAULT_OPTIONS, out: join(disk, "out") };
    const [answer] = runOnDisk("tmpfs", disk, 5 << 20, [{ recipe: faultRecipe(folder), options }]);
    expect(answer).toMatchObject({
      code: "DISK_FULL",
      message: expect.stringMatching(/^Expected \d+ bytes of room in .*small for the output, but found \d+/),
      names: [],
    });
  });

  it("when it reserves its shards: nothing is kept", () => {
    const leave = 5 << 20;
    const [first, second, third] = mergeTwice("tmpfs", { call: "mkdirSync", count: 2, leave }, {});
    expect(first).toMatchObject({
      ...full(/free some, or choose another disk with --out/),
      names: ["filler"],
    });
    expect(second).toMatchObject({ code: "DISK_FULL", names: ["filler"] });
    expect(third).toMatchObject({ resumedTensors: 0, ...DONE });
  });

  const points: [what: string, call: string, count: number][] = [
    ["as its files travel with it", "copyFileSync", 1],
    ["as its model card is written", "writeFileSync", 3],
    ["as its manifest is written", "writeFileSync", 4],
  ];
  it.each(points)("%s: every tensor is kept", (_, call, count) => {
    const [first, second, third] = mergeTwice("tmpfs", { call, count, leave: 0 }, { resume: true });
    expect(first).toMatchObject(KEPT);
    expect(second).toMatchObject(KEPT);
    expect(third).toMatchObject({ resumedTensors: tensorCount, ...DONE });
  });

  it("for its journal: what the journal has is kept", () => {
    const fill = { call: "onProgress", count: 60, leave: 0 };
    const [first, , third] = mergeTwice("tmpfs", fill, { resume: true });
    expect(first).toMatchObject(KEPT);
    expect(third?.resumedTensors).toBeGreaterThan(5);
    expect(third).toMatchObject(DONE);
  });
});

const withoutRoom = ["sparse", "ext3"] as const;
describe.each(withoutRoom)("on a disk that cannot reserve room (%s)", (kind) => {
  it.skipIf(!canMount(kind))("full in the middle: what is done is kept", () => {
    const fill = { call: "onProgress", count: 60, leave: 1 << 20 };
    const [first, second, third] = mergeTwice(kind, fill, { resume: true });
    expect(first).toMatchObject(KEPT);
    expect(second).toMatchObject({ code: "DISK_FULL", names: ["filler", "out.partial"] });
    expect(third?.resumedTensors).toBeGreaterThan(5);
    expect(third?.resumedTensors).toBeLessThan(tensorCount);
    expect(third).toMatchObject(DONE);
  });
});
