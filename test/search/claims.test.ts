/** Claims on trials: one holder at a time, the dead give theirs up, the first outcome counts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isRunning, thisOwner } from "../../src/execute/owner.ts";
import { type ClaimRecord, Claims } from "../../src/search/claims.ts";
import { newFolder } from "../evaluate/task-builder.ts";

/** A claim as another process would have left it. */
function leave(folder: string, name: string, change: Partial<ClaimRecord>): void {
  const record = {
    token: "t",
    owner: thisOwner(),
    parameters: { k: 1 },
    beat: 0,
    released: false,
    ...change,
  };
  writeFileSync(join(folder, name), JSON.stringify(record));
}

const elsewhere = { ...thisOwner(), host: "another-host" };

async function endedProcess(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return child.pid as number;
}

describe("an owner", () => {
  it("runs while its process does", () => {
    expect(isRunning(thisOwner())).toBe(true);
  });

  it("does not run when its number is another process's, or nobody's, or the machine was started again", async () => {
    expect(isRunning({ ...thisOwner(), started: "1" })).toBe(false);
    expect(isRunning({ ...thisOwner(), pid: await endedProcess() })).toBe(false);
    expect(isRunning({ ...thisOwner(), boot: "earlier" })).toBe(false);
  });

  it("on another machine or in another container cannot be seen", () => {
    expect(isRunning(elsewhere)).toBeNull();
    expect(isRunning({ ...thisOwner(), processes: "pid:[1]" })).toBeNull();
  });
});

describe("a claim", () => {
  it("has one holder", () => {
    const folder = newFolder();
    const [first, second] = [new Claims(folder), new Claims(folder)];
    const claim = first.tryClaim("ties-0", { k: 1 });
    expect(claim).not.toBeNull();
    expect(second.tryClaim("ties-0", { k: 1 })).toBeNull();
    expect(second.tryClaim("ties-00", { k: 1 })).not.toBeNull();
    expect(second.running()).toMatchObject([
      { key: "ties-0", record: { parameters: { k: 1 } } },
      { key: "ties-00" },
    ]);
    claim?.release();
  });

  it("is nobody's any more when it was released, and can be had again", () => {
    const claims = new Claims(newFolder());
    claims.tryClaim("a-0", null)?.release();
    expect(claims.running()).toEqual([]);
    expect(claims.tryClaim("a-0", null)).not.toBeNull();
  });

  it("of a process that has ended is taken over at once", async () => {
    const folder = newFolder();
    const claims = new Claims(folder);
    leave(folder, "a-0.0", { owner: { ...thisOwner(), pid: await endedProcess() } });
    expect(claims.running()).toEqual([]);
    expect(claims.tryClaim("a-0", null)).not.toBeNull();
    expect(claims.tryClaim("a-0", null)).toBeNull();
    expect(readdirSync(folder).sort()).toEqual(["a-0.0", "a-0.1"]);
  });

  it("of another machine is taken over when it has been silent for a lease", async () => {
    const folder = newFolder();
    const claims = new Claims(folder, 0.2);
    leave(folder, "a-0.0", { owner: elsewhere });
    expect(claims.tryClaim("a-0", null)).toBeNull();
    await sleep(120);
    // It beats: the lease begins anew.
    leave(folder, "a-0.0", { owner: elsewhere, beat: 1 });
    expect(claims.tryClaim("a-0", null)).toBeNull();
    await sleep(120);
    expect(claims.tryClaim("a-0", null)).toBeNull();
    await sleep(120);
    expect(claims.tryClaim("a-0", null)).not.toBeNull();
  });

  it("that is being written is somebody's", () => {
    const folder = newFolder();
    const claims = new Claims(folder);
    writeFileSync(join(folder, "a-0.0"), "");
    expect(claims.tryClaim("a-0", null)).toBeNull();
  });

  it("beats while it is held", async () => {
    const folder = newFolder();
    const claim = new Claims(folder, 0.12).tryClaim("a-0", null);
    await sleep(100);
    expect(JSON.parse(readFileSync(join(folder, "a-0.0"), "utf8")).beat).toBeGreaterThan(1);
    claim?.release();
  });
});

describe("an outcome", () => {
  it("ends a claim for good", () => {
    const claims = new Claims(newFolder());
    expect(claims.tryClaim("a-0", null)?.finish("{}")).toBe(true);
    expect(claims.tryClaim("a-0", null)).toBeNull();
    expect(claims.running()).toEqual([]);
    expect(claims.outcomeOf("a-0")).toBe("{}");
  });

  it("is for others to see to when its holder has let it go, or has ended, or is silent", async () => {
    const folder = newFolder();
    const claims = new Claims(folder, 0.1);
    const nothing = () => false;
    const claim = claims.tryClaim("a-0", null);
    claim?.finish("{}");
    expect(claims.finished(nothing)).toEqual([]);
    claim?.release();
    expect(claims.finished(nothing)).toEqual(["a-0"]);
    expect(claims.finished((key) => key === "a-0")).toEqual([]);
    leave(folder, "b-0.0", { owner: elsewhere });
    writeFileSync(join(folder, "b-0.done"), "{}");
    expect(claims.finished((key) => key === "a-0")).toEqual([]);
    await sleep(150);
    expect(claims.finished((key) => key === "a-0")).toEqual(["b-0"]);
    leave(folder, "c-0.0", { owner: { ...thisOwner(), pid: await endedProcess() } });
    writeFileSync(join(folder, "c-0.done"), "{}");
    expect(claims.finished((key) => key !== "c-0")).toEqual(["c-0"]);
  });

  it("of who was suspended and comes back late does not count", async () => {
    const folder = newFolder();
    const late = new Claims(folder).tryClaim("a-0", null);
    // As if the process had gone: its claim is another's now.
    leave(folder, "a-0.0", { owner: { ...thisOwner(), pid: await endedProcess() } });
    expect(new Claims(folder).tryClaim("a-0", null)?.finish("first")).toBe(true);
    expect(late?.finish("late")).toBe(false);
    expect(new Claims(folder).outcomeOf("a-0")).toBe("first");
  });
});
