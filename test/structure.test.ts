/** The shape of the repository: which way imports run, what workers may load, how files are named and sized. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");
const LONGEST_FILE = 300;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);

/** Imports among the project's own files, by their paths in `src`. */
const imports: Import[] = sources.flatMap((from) => {
  const text = readFileSync(join(SRC, from), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s([^;]*?)\sfrom\s+"(\.[^"]+)"/gm);
  const named = [...statements].map(([, what, path]): [string, string] => [what as string, path as string]);
  return named.map(([what, path]) => {
    const names = /^\{([^}]*)\}/
      .exec(what)?.[1]
      ?.split(",")
      .map((name) => name.trim()) ?? [""];
    const typeOnly =
      what.startsWith("type ") || names.every((name) => name === "" || name.startsWith("type "));
    return { from, to: relative(SRC, resolve(SRC, from, "..", path)), typeOnly: typeOnly && what !== "" };
  });
});

const folderOf = (file: string) =>
  file.includes("/") ? (file.split("/")[0] as string) : basename(file, ".ts");

describe("imports", () => {
  /** From the top down; folders of one row do not know each other. */
  const layers = [
    ["cli"],
    ["index"],
    ["demo"],
    ["report"],
    ["search", "trajectory"],
    ["evaluate", "conflicts"],
    ["execute"],
    ["plan"],
    ["gguf"],
    ["recipe", "methods", "checkpoint"],
    ["native", "memory-budget", "errors", "dtypes", "version"],
  ];
  const layerOf = (file: string) => layers.findIndex((layer) => layer.includes(folderOf(file)));

  it("are found at all", () => {
    expect(imports.length).toBeGreaterThan(100);
    for (const { from, to } of imports) expect(existsSync(join(SRC, to)), `${from} imports ${to}`).toBe(true);
    expect(sources.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  it("run from the command line down to the addon, never up", () => {
    const wrong = imports.filter(({ from, to }) => {
      if (folderOf(from) === folderOf(to)) return false;
      if (layerOf(from) === layerOf(to) && layerOf(from) === layers.length - 1) return false;
      return layerOf(from) >= layerOf(to);
    });
    expect(wrong).toEqual([]);
  });

  it("of the command line go through the public API, but for words and errors", () => {
    const inner = imports.filter(({ from, to, typeOnly }) => {
      return folderOf(from) === "cli" && !typeOnly && !["cli", "index"].includes(folderOf(to));
    });
    expect(inner.filter(({ to }) => !["errors", "version"].includes(folderOf(to)))).toEqual([]);
  });

  it("of a worker load no recipe, no plan and no method", () => {
    const loaded = new Set<string>(["execute/worker.ts"]);
    for (const file of loaded)
      for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) loaded.add(to);
    const folders = new Set([...loaded].map(folderOf));
    expect([...folders].sort()).toEqual(["errors", "execute", "native"]);
    const mainThreadOnly = ["merge", "seal", "journal", "partial-folder", "pool", "manifest", "model-card"];
    expect([...loaded].filter((file) => mainThreadOnly.includes(basename(file, ".ts")))).toEqual([]);
  });

  it("make no circle", () => {
    const next = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports)
      if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): string[] => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (done.has(file)) return [];
      const circle = (next.get(file) ?? [])
        .map((to) => visit(to, [...path, file]))
        .find((one) => one.length > 0);
      done.add(file);
      return circle ?? [];
    };
    for (const file of sources) {
      expect(visit(file, [])).toEqual([]);
    }
  });
});

describe("files", () => {
  it(`of src have at most ${LONGEST_FILE} lines`, () => {
    const long = sources.filter((name) => {
      return readFileSync(join(SRC, name), "utf8").trimEnd().split("\n").length > LONGEST_FILE;
    });
    expect(long).toEqual([]);
  });

  it("are named after a concept, in lower case with hyphens", () => {
    const names = [...sources, ...readdirSync(join(ROOT, "native"), { recursive: true, encoding: "utf8" })];
    expect(names.filter((name) => /(^|[/_-])(utils?|helpers?|common|misc)\b/.test(name))).toEqual([]);
    expect(sources.filter((name) => !/^([a-z]+\/){0,2}[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name))).toEqual([]);
  });

  it("of the addon include napi.h in one place", () => {
    const native = readdirSync(join(ROOT, "native"), { recursive: true, encoding: "utf8" });
    const including = native.filter(
      (name) =>
        /\.(cc|h|inl)$/.test(name) &&
        /#include\s*<napi\.h>/.test(readFileSync(join(ROOT, "native", name), "utf8")),
    );
    expect(including).toEqual(["bindings/napi_setup.h"]);
  });

  it("measure time by clocks that nobody sets", () => {
    const texts = ["src", "scripts", "native"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(ts|mjs|cc|h|inl)$/.test(name))
        .map((name) => [`${folder}/${name}`, readFileSync(join(ROOT, folder, name), "utf8")] as const),
    );
    // A date may be told, as text; it must not be counted with.
    const settable =
      /Date\.now|new Date\(\)(?!\.toISOString)|system_clock|gettimeofday|CLOCK_REALTIME|\btime\(NULL/i;
    expect(texts.filter(([, text]) => settable.test(text)).map(([name]) => name)).toEqual([]);
    expect(texts.some(([, text]) => text.includes("performance.now()"))).toBe(true);
  });

  it("of kernels know neither Node nor files", () => {
    const kernels = readdirSync(join(ROOT, "native", "kernels"));
    const knowing = kernels.filter((name) =>
      /#include\s*["<](bindings|io|napi|node)/.test(
        readFileSync(join(ROOT, "native", "kernels", name), "utf8"),
      ),
    );
    expect(kernels.length).toBeGreaterThan(10);
    expect(knowing).toEqual([]);
  });
});
