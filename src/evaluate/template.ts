/** Prompt templates in the field's Jinja; errors tell the line. */
import { parse, Template, tokenize } from "@huggingface/jinja";
import { messageOf, nearestName, TiesmithError } from "../errors.ts";

/** Where a template stands. */
export interface TemplatePlace {
  readonly path: string;
  /** Of the template's first line. */
  readonly line: number;
  readonly keys: readonly PropertyKey[];
}

const compiled = new Map<string, Template>();

/**
 * Renders a template; as in Jinja2, one line break at its end is dropped.
 * @throws {TiesmithError} `TASK_INVALID` naming the line
 */
export function render(template: string, values: Record<string, unknown>, place: TemplatePlace): string {
  try {
    const own = compiled.get(template) ?? new Template(template);
    compiled.set(template, own);
    return own.render(values);
  } catch (error) {
    const line = place.line + failingLine(template, (part) => void new Template(part).render(values));
    throw templateError(place, line, messageOf(error));
  }
}

/**
 * Parses a template and looks for names that no row will have.
 * @throws {TiesmithError} `TASK_INVALID` naming the line and, for a name, the nearest known one
 */
export function checkTemplate(template: string, known: readonly string[], place: TemplatePlace): void {
  let program: unknown;
  try {
    program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    const line = place.line + failingLine(template, (part) => void new Template(part));
    throw templateError(place, line, messageOf(error));
  }
  const { used, bound } = namesIn(program);
  for (const name of used) {
    if (known.includes(name) || bound.has(name) || BUILT_IN.has(name)) continue;
    const row = template.split("\n").findIndex((text) => new RegExp(`\\b${name}\\b`).test(text));
    const near = nearestName(name, known);
    const hint = near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
    throw templateError(
      place,
      place.line + Math.max(0, row),
      `nothing is called ${JSON.stringify(name)}; ${hint}`,
    );
  }
}

const BUILT_IN = new Set(["loop", "true", "false", "none", "True", "False", "None", "range", "namespace"]);

interface Node {
  readonly type?: string;
  readonly [key: string]: unknown;
}

/** Identifiers that are read, and those that the template binds itself. Names of filters, tests and attributes are neither. */
function namesIn(program: unknown): { used: Set<string>; bound: Set<string> } {
  const used = new Set<string>();
  const bound = new Set<string>();
  const visit = (value: unknown, names: Set<string>): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, names);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const node = value as Node;
    if (node.type === "Identifier") names.add(String(node.value));
    for (const [key, child] of Object.entries(node)) {
      if (key === "loopvar" || (key === "assignee" && node.type === "Set")) visit(child, bound);
      else if (key === "operator" || (key === "property" && node.computed === false)) continue;
      else if (
        (key === "filter" || key === "test") &&
        (node.type === "FilterExpression" || node.type === "TestExpression")
      )
        visit((child as Node).args, names);
      else if (key === "key" && node.type === "KeywordArgumentExpression") continue;
      else visit(child, names);
    }
  };
  visit(program, used);
  return { used, bound };
}

/**
 * The line, from 0, that makes a template fail: the one after the longest run of first lines that works. Inside a
 * block that spans lines it is the block's first.
 */
function failingLine(template: string, attempt: (part: string) => void): number {
  const lines = template.split("\n");
  for (let count = lines.length - 1; count > 0; count--) {
    try {
      attempt(lines.slice(0, count).join("\n"));
      return count;
    } catch {
      // A shorter part may do.
    }
  }
  return 0;
}

function templateError({ path, keys }: TemplatePlace, line: number, problem: string): TiesmithError {
  return new TiesmithError(
    "TASK_INVALID",
    `Expected a Jinja template in ${keys.join(".")}, but ${problem} (${path}:${line})`,
    { path, line, key: keys.join(".") },
  );
}
