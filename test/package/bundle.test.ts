/** What the bundled files load: speed at the start depends on it, and no other test would notice. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as api from "tiesmith";
import { expect, it } from "vitest";
import { ROOT } from "./packed-project.ts";

const DIST = join(ROOT, "dist");

/** A file of dist/ and all that it requires at once, as one text. */
function loadedWith(file: string): string {
  const loaded = new Map<string, string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    const text = readFileSync(path, "utf8");
    loaded.set(path, text);
    for (const [, next] of text.matchAll(/^(?:const .* = )?require\("(\.[^"]+)"\)/gm))
      load(resolve(path, "..", next as string));
  };
  load(join(DIST, file));
  return [...loaded.values()].join("\n");
}

/** Modules of src/ and packages in a bundled text, by the comments that the bundler leaves above each. */
function modulesIn(text: string): string[] {
  return [...text.matchAll(/^\/\/ (?:src\/(.+?)\.ts|node_modules\/((?:@[^/]+\/)?[^/]+)\/.*)$/gm)]
    .map(([, own, packaged]) => own ?? packaged ?? "")
    .filter((name, index, all) => all.indexOf(name) === index);
}

it("a worker loads neither what it does not run nor what runs it", () => {
  const modules = modulesIn(loadedWith("execute/worker.cjs"));
  expect(modules).toContain("execute/run-operation");
  expect(modules.filter((name) => /^(cli|plan|recipe|methods|checkpoint)\//.test(name))).toEqual([]);
  expect(
    modules.filter((name) => !name.includes("/") && !["errors", "dtypes", "version"].includes(name)),
  ).toEqual([]);
});

it("a merge on the command line starts its threads before it loads the planner, YAML and tables", () => {
  const modules = modulesIn(loadedWith("chunks/run-merge.cjs"));
  expect(modules).toEqual(expect.arrayContaining(["execute/pool", "piscina"]));
  expect(modules.filter((name) => /^(plan|recipe|methods|checkpoint)\//.test(name))).toEqual([]);
  expect(modules.filter((name) => ["yaml", "cli-table3", "cli-progress"].includes(name))).toEqual([]);
});

it("the API exports what src/index.ts does, and nothing of the bundler's", async () => {
  expect(Object.keys(api).sort()).toEqual(Object.keys(await import("../../src/index.ts")).sort());
});

it("every bundled package has its licence beside it", () => {
  const licences = readFileSync(join(DIST, "LICENSES.txt"), "utf8");
  for (const name of ["commander", "yaml", "piscina", "cli-table3", "cli-progress", "picocolors"])
    expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC)\\)$`, "m"));
});
