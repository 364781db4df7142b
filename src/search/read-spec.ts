/** YAML or object → {@link SearchSpec}, with every problem of the text told at once. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { isFolder } from "../checkpoint/hub-cache.ts";
import { systemError } from "../checkpoint/system-error.ts";
import { sourceFromObject } from "../recipe/object-source.ts";
import { ProblemList } from "../recipe/problem-list.ts";
import type { SourceNode } from "../recipe/source.ts";
import { sourceFromYaml } from "../recipe/yaml-source.ts";
import type { Objective } from "./objective.ts";
import { readMethods } from "./read-methods.ts";
import { type FinalSpec, type SearchInput, type SearchSpec, STRATEGIES } from "./spec.ts";
import { SpecReader } from "./spec-reader.ts";
import { maskVariables } from "./variables.ts";

const SPEC_KEYS = [
  "methods",
  "recipe",
  "space",
  "where",
  "tasks",
  "languages",
  "data",
  "prompt",
  "shots",
  "dev",
  "rows",
  "objective",
  "strategy",
  "trials",
  "seed",
  "halving",
  "final",
];

/** Trials of each method where a strategy would go on for ever. */
const DEFAULT_TRIALS = 30;

/**
 * Reads a spec. Opens no file but the spec and its recipes.
 * @throws {TiesmithError} `SEARCH_INVALID` with all problems, each with its line or key; `NO_PERMISSION`, `IO_FAILED`
 */
export function readSpec(input: string | SearchInput): SearchSpec {
  const path = typeof input === "string" ? input : null;
  const problems = new ProblemList(path === null ? null : basename(path), "SEARCH_INVALID");
  const folder = path === null ? null : dirname(resolve(path));
  const source = path === null ? sourceFromObject(input, problems) : sourceOf(path, problems);
  const root = SpecReader.of(problems, source, "", "a search, a mapping with methods, space and tasks");
  const spec = root === null ? null : specOf(root, path, folder);
  problems.throwIfAny();
  return spec as SearchSpec;
}

function sourceOf(path: string, problems: ProblemList): SourceNode {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw systemError(error, path, "a search's spec", "SEARCH_INVALID");
  }
  return sourceFromYaml(maskVariables(text), problems);
}

function specOf(root: SpecReader, path: string | null, folder: string | null): SearchSpec {
  root.checkKeys("key of a search", SPEC_KEYS);
  const tasks = root.texts("tasks");
  if (!root.has("tasks"))
    root.problems.invalid("Expected tasks, a list such as [sib200:tam], but found none", root.place("tasks"));
  const strategy = root.choice("strategy", STRATEGIES) ?? "grid";
  const trials = root.wholeNumber("trials", 1);
  if (strategy === "grid" && root.has("trials"))
    root.problems.invalid(
      "Expected no trials with the strategy grid, which tries all points",
      root.place("trials"),
    );
  const { dev, final } = readSplits(root, folder);
  const data = root.text("data");
  return {
    path,
    folder,
    methods: readMethods(root, strategy, folder),
    tasks: (tasks ?? []).map((task) => locate(task, folder)),
    languages: root.texts("languages"),
    data: data === null ? null : locate(data, folder),
    prompt: root.text("prompt"),
    shots: root.wholeNumber("shots", 0),
    dev,
    rows: root.wholeNumber("rows", 1),
    objective: readObjective(root),
    strategy,
    trials: strategy === "grid" ? null : (trials ?? DEFAULT_TRIALS),
    seed: root.wholeNumber("seed", 0) ?? 1,
    halving: readHalving(root, strategy),
    final,
  };
}

/** A path of the spec: relative to its folder if something is there, else as it stands. */
function locate(text: string, folder: string | null): string {
  const [, name = text, language = ""] = /^(.*\.ya?ml)(:[\w-]+)?$/.exec(text) ?? [];
  const beside = folder === null ? name : resolve(folder, name);
  return existsSync(beside) || isFolder(beside) ? `${beside}${language}` : text;
}

function readSplits(root: SpecReader, folder: string | null): { dev: string; final: FinalSpec | null } {
  const dev = root.text("dev") ?? "dev";
  const node = root.node("final");
  const isOff = node?.kind === "scalar" && node.value === false;
  const reader = node === null || isOff ? null : root.child("final", "final as a mapping, or false");
  reader?.checkKeys("key of final", ["split", "models", "tasks"]);
  const split = reader?.text("split") ?? "test";
  if (dev === split || /^test/i.test(dev))
    root.problems.invalid(
      `Expected a split to tune on that is not tested on, but received dev: ${dev}; name one such as dev, train or validation`,
      root.place("dev"),
    );
  const final = {
    split,
    models: (reader?.texts("models") ?? []).map((model) => locate(model, folder)),
    tasks: (reader?.texts("tasks") ?? []).map((task) => locate(task, folder)),
  };
  return { dev, final: isOff ? null : final };
}

function readObjective(root: SpecReader): Objective {
  const node = root.node("objective");
  if (node === null) return { kind: "average" };
  if (node.kind !== "map")
    return { kind: root.choice("objective", ["average", "worst"] as const) ?? "average" };
  const reader = new SpecReader(root.problems, node, "objective");
  reader.checkKeys("objective (average, worst, language or weighted)", ["language", "weighted"]);
  const language = reader.text("language");
  if (language !== null) return { kind: "language", language };
  const weighted = reader.child("weighted", "weighted as a mapping of tasks to weights");
  if (weighted === null) return { kind: "average" };
  const weights: Record<string, number> = {};
  for (const task of weighted.map.entries.keys()) {
    const weight = weighted.number(task);
    if (weight !== null && weight < 0)
      root.problems.invalid(
        `Expected a weight of at least 0 for ${task}, but received ${weight}`,
        weighted.place(task),
      );
    weights[task] = weight ?? 0;
  }
  return { kind: "weighted", weights };
}

function readHalving(root: SpecReader, strategy: string): SearchSpec["halving"] {
  const reader = root.child("halving", "halving as a mapping with rows");
  if (reader === null) return null;
  reader.checkKeys("key of halving", ["rows", "factor"]);
  if (strategy !== "grid" && strategy !== "random")
    root.problems.invalid(
      `Expected halving with the strategy grid or random, but received ${strategy}, which learns from all rows`,
      root.place("halving"),
    );
  const rows = reader.wholeNumber("rows", 1);
  if (!reader.has("rows"))
    root.problems.invalid(
      "Expected rows in halving, how many the first round has, but found none",
      root.place("halving"),
    );
  const factor = reader.number("factor") ?? 3;
  if (!(factor > 1))
    root.problems.invalid(
      `Expected a factor above 1 in halving, but received ${factor}`,
      reader.place("factor"),
    );
  return { rows: rows ?? 1, factor };
}
