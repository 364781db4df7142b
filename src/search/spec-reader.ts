/** Reading keys of a spec, with every problem told at its line. */
import { adviseKnown, joinPath, type MapRule, placeOf } from "../recipe/context.ts";
import type { Place, ProblemList } from "../recipe/problem-list.ts";
import { describeNode, isNull, type SourceMap, type SourceNode } from "../recipe/source.ts";

/** A map of a spec; absent keys read as null, and so do wrong ones, after a problem was added. */
export class SpecReader {
  readonly problems: ProblemList;
  readonly map: SourceMap;
  readonly path: string;

  constructor(problems: ProblemList, map: SourceMap, path: string) {
    this.problems = problems;
    this.map = map;
    this.path = path;
  }

  /** The reader of a node that should be a map; null after adding a problem. */
  static of(problems: ProblemList, node: SourceNode, path: string, what: string): SpecReader | null {
    if (node.kind === "map") return new SpecReader(problems, node, path);
    problems.invalid(`Expected ${what}, but received ${describeNode(node)}`, placeOf(node, path));
    return null;
  }

  /** Adds a problem for every key that is not known here; whether there is none. */
  checkKeys(what: MapRule["what"], known: readonly string[]): boolean {
    const unknown = [...this.map.entries].filter(([key]) => !known.includes(key));
    for (const [key, entry] of unknown)
      this.problems.invalid(
        `Expected a known ${what}, but received ${JSON.stringify(key)}; ${adviseKnown(key, known)}`,
        placeOf(entry, joinPath(this.path, key)),
      );
    return unknown.length === 0;
  }

  place(key: string): Place {
    const entry = this.map.entries.get(key);
    return { line: entry?.line ?? this.map.line, path: joinPath(this.path, key) };
  }

  has(key: string): boolean {
    return this.node(key) !== null;
  }

  node(key: string): SourceNode | null {
    const value = this.map.entries.get(key)?.value;
    return value === undefined || isNull(value) ? null : value;
  }

  /** A map below this one. */
  child(key: string, what: string): SpecReader | null {
    const node = this.node(key);
    return node === null ? null : SpecReader.of(this.problems, node, joinPath(this.path, key), what);
  }

  text(key: string): string | null {
    const node = this.node(key);
    if (node === null) return null;
    if (node.kind === "scalar" && typeof node.value === "string" && node.value.trim() !== "")
      return node.value;
    return this.refuse(key, "a text", node);
  }

  number(key: string): number | null {
    const node = this.node(key);
    if (node === null) return null;
    if (node.kind === "scalar" && typeof node.value === "number" && Number.isFinite(node.value))
      return node.value;
    return this.refuse(key, "a number", node);
  }

  wholeNumber(key: string, least: number): number | null {
    const value = this.number(key);
    if (value === null || (Number.isSafeInteger(value) && value >= least)) return value;
    this.problems.invalid(
      `Expected ${key} as a whole number of at least ${least}, but received ${value}`,
      this.place(key),
    );
    return null;
  }

  choice<T extends string>(key: string, known: readonly T[]): T | null {
    const value = this.text(key);
    if (value === null || known.includes(value as T)) return value as T | null;
    this.problems.invalid(
      `Expected ${key} as one of ${known.join(", ")}, but received ${JSON.stringify(value)}; ${adviseKnown(value, known)}`,
      this.place(key),
    );
    return null;
  }

  /** A text, or a list of them. */
  texts(key: string): string[] | null {
    const node = this.node(key);
    if (node === null) return null;
    const items = node.kind === "list" ? node.items : [node];
    const texts = items.flatMap((item) =>
      item.kind === "scalar" && typeof item.value === "string" && item.value.trim() !== ""
        ? [item.value]
        : [],
    );
    if (texts.length === items.length && texts.length > 0) return texts;
    return this.refuse(key, "a list of texts", node);
  }

  refuse(key: string, expected: string, node: SourceNode): null {
    this.problems.invalid(
      `Expected ${key} as ${expected}, but received ${describeNode(node)}`,
      this.place(key),
    );
    return null;
  }
}
