/** `space`: what each variable may be. */
import { adviseKnown, joinPath, placeOf } from "../recipe/context.ts";
import type { ProblemList } from "../recipe/problem-list.ts";
import { describeNode, type SourceNode } from "../recipe/source.ts";
import type { SearchVariable, VariableValue } from "./results.ts";
import { SpecReader } from "./spec-reader.ts";
import { SAFE_TEXT, VARIABLE_NAME } from "./variables.ts";

/** Most values of a range with steps: more are a range without. */
const MOST_STEPS = 10_000;

type Range = NonNullable<SearchVariable["range"]>;

/** Reads a space; what is wrong in it becomes problems. */
export function readSpace(problems: ProblemList, node: SourceNode | null, path: string): SearchVariable[] {
  if (node === null) return [];
  const reader = SpecReader.of(problems, node, path, "a space as a mapping of variables");
  if (reader === null) return [];
  const variables: SearchVariable[] = [];
  for (const [name, { value, line }] of reader.map.entries) {
    const place = { line, path: joinPath(path, name) };
    if (!VARIABLE_NAME.test(name)) {
      const message = `Expected a variable's name of letters, digits and _, but received ${JSON.stringify(name)}`;
      problems.invalid(message, place);
      continue;
    }
    const variable = readVariable(problems, name, value, place.path, variables);
    // A refused variable still counts as known, or its uses would be reported as well.
    variables.push(variable ?? { name, values: [0], range: null, when: null });
  }
  return variables;
}

function readVariable(
  problems: ProblemList,
  name: string,
  node: SourceNode,
  path: string,
  earlier: readonly SearchVariable[],
): SearchVariable | null {
  if (node.kind !== "map") {
    const values = readValues(problems, name, node, path);
    return values === null ? null : { name, values, range: null, when: null };
  }
  const reader = new SpecReader(problems, node, path);
  const known = ["values", "from", "to", "step", "scale", "when", "otherwise"];
  if (!reader.checkKeys(`key of the variable ${name}`, known)) return null;
  const when = readWhen(reader, name, earlier);
  const list = reader.node("values");
  if (list !== null) {
    const values = readValues(problems, name, list, joinPath(path, "values"));
    return values === null ? null : { name, values, range: null, when };
  }
  const range = readRange(reader, name);
  if (range === null) return null;
  return { name, values: range.step === null ? null : steps(range), range, when };
}

function readValues(
  problems: ProblemList,
  name: string,
  node: SourceNode,
  path: string,
): VariableValue[] | null {
  const items = node.kind === "list" ? node.items : [node];
  if (items.length === 0) {
    problems.invalid(
      `Expected at least one value for ${name}, but received an empty list`,
      placeOf(node, path),
    );
    return null;
  }
  const values: VariableValue[] = [];
  for (const item of items) {
    const value = item.kind === "scalar" ? item.value : undefined;
    if (!isValue(value)) {
      const expected = "a number, true, false, or a text without spaces and quotes";
      problems.invalid(
        `Expected ${expected} for ${name}, but received ${describeNode(item)}`,
        placeOf(item, path),
      );
      return null;
    }
    if (values.includes(value)) {
      problems.invalid(
        `Expected each value of ${name} once, but ${value} is there twice`,
        placeOf(item, path),
      );
      return null;
    }
    values.push(value);
  }
  return values;
}

function isValue(value: unknown): value is VariableValue {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "boolean" || (typeof value === "string" && SAFE_TEXT.test(value));
}

function readRange(reader: SpecReader, name: string): Range | null {
  const [from, to, step] = ["from", "to", "step"].map((key) => reader.number(key)) as (number | null)[];
  const scale = reader.choice("scale", ["linear", "log"]) ?? "linear";
  const refuse = (expected: string, key: string): null => {
    reader.problems.invalid(`Expected ${expected} for ${name}`, reader.place(key));
    return null;
  };
  if (from == null || to == null) return refuse("values, or a range with from and to,", "from");
  if (!(from < to))
    return refuse(`a range whose from is below its to, but received ${from} to ${to},`, "from");
  if (scale === "log" && from <= 0)
    return refuse(`a range above 0, since its scale is log, but received ${from},`, "from");
  if (scale === "log" && step != null)
    return refuse("either a step or scale: log (list the values instead)", "step");
  if (step != null && step <= 0) return refuse(`a step above 0, but received ${step},`, "step");
  if (step != null && (to - from) / step > MOST_STEPS)
    return refuse(`a step that gives at most ${MOST_STEPS} values`, "step");
  return { from, to, step: step ?? null, scale };
}

/** Both ends are values if the step leads there; 12 digits hide that 0.1 is none of binary's numbers. */
function steps({ from, to, step }: Range): number[] {
  const width = step as number;
  const count = Math.floor((to - from) / width + 1e-9) + 1;
  return Array.from({ length: count }, (_, i) => Number((from + i * width).toPrecision(12)));
}

function readWhen(
  reader: SpecReader,
  name: string,
  earlier: readonly SearchVariable[],
): SearchVariable["when"] {
  const { problems } = reader;
  const map = reader.child("when", "when as a mapping of variables to values");
  const otherwise = reader.node("otherwise");
  if (map === null) {
    if (otherwise !== null && !reader.has("when"))
      problems.invalid(
        `Expected when beside otherwise for ${name}, but found none`,
        reader.place("otherwise"),
      );
    return null;
  }
  const value = otherwise?.kind === "scalar" ? otherwise.value : undefined;
  if (!isValue(value)) {
    const message = `Expected otherwise beside when for ${name}, its value where the condition does not hold, but ${otherwise === null ? "found none" : `received ${describeNode(otherwise)}`}`;
    problems.invalid(message, reader.place(otherwise === null ? "when" : "otherwise"));
    return null;
  }
  const variables: Record<string, VariableValue[]> = {};
  for (const [other, entry] of map.map.entries) {
    const place = { line: entry.line, path: joinPath(map.path, other) };
    const known = earlier.find((variable) => variable.name === other);
    if (known === undefined) {
      const names = earlier.map((variable) => variable.name);
      problems.invalid(
        `Expected when of ${name} to name a variable that stands before it, but received ${JSON.stringify(other)}; ${adviseKnown(other, names)}`,
        place,
      );
      continue;
    }
    const values = readValues(problems, `${other} in when of ${name}`, entry.value, place.path) ?? [];
    const strange = known.values === null ? undefined : values.find((own) => !known.values?.includes(own));
    if (known.values === null || strange !== undefined)
      problems.invalid(
        `Expected when of ${name} to give values of ${other}, ${known.values === null ? "which has a range without steps" : `but received ${strange}; known are ${known.values.join(", ")}`}`,
        place,
      );
    variables[other] = values;
  }
  return { variables, otherwise: value };
}
