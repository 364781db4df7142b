/** `methods`: the recipes that are compared, and which variables each of them has. */
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { stringify } from "yaml";
import { systemError } from "../checkpoint/system-error.ts";
import type { TiesmithError } from "../errors.ts";
import { adviseKnown, joinPath } from "../recipe/context.ts";
import { describeNode, type SourceNode } from "../recipe/source.ts";
import { type Condition, parseCondition, variablesOf } from "./conditions.ts";
import { randomFor } from "./random.ts";
import { readSpace } from "./read-space.ts";
import type { SearchVariable } from "./results.ts";
import { gridPoints, randomPoint } from "./space.ts";
import type { MethodSpec, RecipeTemplate, StrategyName } from "./spec.ts";
import { SpecReader } from "./spec-reader.ts";
import { unmaskVariables, variablesIn } from "./variables.ts";

/** Part of file names and of trials' ids. */
const METHOD_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** Larger grids are a slip: no one evaluates a million models. */
const MOST_POINTS = 100_000;

/** Reads `methods`, or `recipe` for a single one. */
export function readMethods(root: SpecReader, strategy: StrategyName, folder: string | null): MethodSpec[] {
  const space = readSpace(root.problems, root.node("space"), "space");
  const shared = { space, folder, strategy, where: root.texts("where") ?? [] };
  const used = new Set<string>();
  const methods = entriesOf(root).flatMap(({ name, reader, recipe }) => {
    const method = readMethod(root, name, { reader, recipe }, shared);
    for (const variable of method?.variables ?? []) used.add(variable.name);
    return method ?? [];
  });
  // A recipe that could not be read might use what seems unused.
  if (root.problems.isEmpty) refuseUnused(root, space, used, methods);
  return methods;
}

interface MethodEntry {
  readonly name: string;
  /** Null for a recipe without a mapping around it. */
  readonly reader: SpecReader | null;
  readonly recipe: SourceNode;
}

function entriesOf(root: SpecReader): MethodEntry[] {
  const { problems } = root;
  const single = root.node("recipe");
  const methods = root.child("methods", "methods as a mapping of names to recipes");
  if (single !== null && methods !== null)
    problems.invalid("Expected methods or recipe, but found both", root.place("recipe"));
  if (single !== null) return [{ name: "merge", reader: null, recipe: single }];
  if (methods === null || methods.map.entries.size === 0) {
    if (methods !== null || !root.has("methods"))
      problems.invalid("Expected methods, each with a recipe, but found none", root.place("methods"));
    return [];
  }
  return [...methods.map.entries].flatMap(([name, { value, line }]): MethodEntry[] => {
    const path = joinPath("methods", name);
    if (!METHOD_NAME.test(name))
      problems.invalid(
        `Expected a method's name of letters, digits, . _ and -, but received ${JSON.stringify(name)}`,
        {
          line,
          path,
        },
      );
    const isWrapped = value.kind === "map" && !value.entries.has("merge_method");
    if (!isWrapped) return [{ name, reader: null, recipe: value }];
    const reader = new SpecReader(problems, value, path);
    reader.checkKeys(`key of the method ${name}`, ["recipe", "space", "where"]);
    const recipe = reader.node("recipe");
    if (recipe !== null) return [{ name, reader, recipe }];
    problems.invalid(`Expected a recipe for the method ${name}, but found none`, { line, path });
    return [];
  });
}

interface Shared {
  readonly space: readonly SearchVariable[];
  readonly where: readonly string[];
  readonly folder: string | null;
  readonly strategy: StrategyName;
}

function readMethod(
  root: SpecReader,
  name: string,
  { reader, recipe }: Omit<MethodEntry, "name">,
  shared: Shared,
): MethodSpec | null {
  const { problems } = root;
  const template = readTemplate(root, name, recipe, shared.folder);
  if (template === null) return null;
  const own =
    reader === null ? [] : readSpace(problems, reader.node("space"), joinPath(reader.path, "space"));
  const space = [
    ...shared.space.filter((variable) => !own.some((other) => other.name === variable.name)),
    ...own,
  ];
  const names = space.map((variable) => variable.name);
  const uses = variablesIn(template.text);
  for (const use of uses) {
    if (names.includes(use.name)) continue;
    const advice = names.length === 0 ? "the space is empty" : adviseKnown(use.name, names);
    const where = template.path === null ? `recipe of ${name}` : `${basename(template.path)}:${use.line}`;
    const message = `Expected a variable of the space, but received \${${use.name}}; ${advice} (${where})`;
    problems.include([{ code: "SEARCH_INVALID", message, details: { variable: use.name } }]);
  }
  const variables = space.filter((variable) => uses.some((use) => use.name === variable.name));
  for (const variable of own)
    if (!variables.includes(variable))
      problems.invalid(
        `Expected \${${variable.name}} in the recipe of ${name}, since its space has ${variable.name}, but found none`,
        (reader as SpecReader).place("space"),
      );
  checkWhen(root, name, variables);
  const where = conditionsOf(root, reader, variables, shared);
  const method = { name, template, variables, where };
  checkPoints(root, method, shared.strategy);
  return method;
}

/** What a condition asks about must be known where it is asked. */
function checkWhen(root: SpecReader, method: string, variables: readonly SearchVariable[]): void {
  const names = variables.map(({ name }) => name);
  for (const { name, when } of variables)
    for (const other of Object.keys(when?.variables ?? {}))
      if (!names.includes(other))
        root.problems.invalid(
          `Expected \${${other}} in the recipe of ${method}, since when of ${name} asks about it, but found none`,
          root.place("space"),
        );
}

/** Conditions of the search hold where a method has all their variables. */
function conditionsOf(
  root: SpecReader,
  reader: SpecReader | null,
  variables: readonly SearchVariable[],
  { space, where }: Shared,
): Condition[] {
  const names = variables.map(({ name }) => name);
  const everywhere = new Set([...names, ...space.map(({ name }) => name)]);
  const read = (texts: readonly string[], place: SpecReader, known: readonly string[]): Condition[] =>
    texts.flatMap((text) => {
      const condition = parseCondition(text, known);
      const strange =
        condition === null ? undefined : variablesOf(condition).find((name) => !known.includes(name));
      if (condition !== null && strange === undefined) return condition;
      const advice =
        strange === undefined ? "write k_ct >= k_sft, or lambda < 2" : adviseKnown(strange, known);
      place.problems.invalid(
        `Expected a condition between variables, but received ${JSON.stringify(text)}; ${advice}`,
        place.place("where"),
      );
      return [];
    });
  const shared = read(where, root, [...everywhere]).filter((condition) =>
    variablesOf(condition).every((name) => names.includes(name)),
  );
  return reader === null ? shared : [...shared, ...read(reader.texts("where") ?? [], reader, names)];
}

function checkPoints(root: SpecReader, method: MethodSpec, strategy: StrategyName): void {
  const { name, variables } = method;
  const place = root.place("space");
  const endless = variables.filter(({ values }) => values === null);
  if (strategy === "grid" && endless.length > 0) {
    const message = `Expected a step (or values) for ${endless.map((own) => own.name).join(", ")}, since a grid needs a number of points`;
    root.problems.invalid(`${message}; or take the strategy random, tpe or cma`, place);
    return;
  }
  if (strategy === "cma")
    for (const variable of variables)
      if (variable.values?.some((value) => typeof value !== "number"))
        root.problems.invalid(
          `Expected numbers for ${variable.name}, since the strategy is cma; tpe takes words too`,
          place,
        );
  const points = endless.length > 0 ? [] : gridPoints(method, MOST_POINTS + 1);
  if (points.length === 0 && randomPoint(method, randomFor("any")) === null)
    root.problems.invalid(
      `Expected a point of the space of ${name} that meets where, but there is none`,
      place,
    );
  if (strategy === "grid" && points.length > MOST_POINTS)
    root.problems.invalid(
      `Expected at most ${MOST_POINTS} points in the grid of ${name}, but it has more`,
      place,
    );
}

function readTemplate(
  root: SpecReader,
  name: string,
  node: SourceNode,
  folder: string | null,
): RecipeTemplate | null {
  if (node.kind === "map")
    return { text: unmaskVariables(stringify(plainOf(node), { lineWidth: 0 })), path: null, folder };
  const place = { line: node.line, path: joinPath("methods", name) };
  if (node.kind !== "scalar" || typeof node.value !== "string" || node.value.trim() === "") {
    const message = `Expected a recipe of ${name} as a path or a mapping, but received ${describeNode(node)}`;
    root.problems.invalid(message, place);
    return null;
  }
  const path = folder === null ? node.value : resolve(folder, node.value);
  try {
    return { text: readFileSync(path, "utf8"), path, folder: dirname(resolve(path)) };
  } catch (error) {
    const { message } = systemError(error, path, `the recipe of ${name}`, "SEARCH_INVALID") as TiesmithError;
    root.problems.invalid(message, place);
    return null;
  }
}

function plainOf(node: SourceNode): unknown {
  if (node.kind === "list") return node.items.map(plainOf);
  if (node.kind === "scalar") return node.value;
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plainOf(value)]));
}

function refuseUnused(
  root: SpecReader,
  space: readonly SearchVariable[],
  used: ReadonlySet<string>,
  methods: readonly MethodSpec[],
): void {
  for (const { name } of space) {
    if (used.has(name) || methods.length === 0) continue;
    const node = root.node("space");
    const line = node?.kind === "map" ? (node.entries.get(name)?.line ?? null) : null;
    const message = `Expected \${${name}} in a recipe, since the space has ${name}, but found none`;
    root.problems.invalid(message, { line, path: joinPath("space", name) });
  }
}
