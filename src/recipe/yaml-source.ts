/** YAML text → source tree. Own walk over the parsed document, so that every value keeps its line. */

import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
} from "yaml";
import type { ProblemList } from "./problem-list.ts";
import {
  listNode,
  MAX_DEPTH,
  MAX_NODE_COUNT,
  mapNode,
  quote,
  type SourceEntry,
  type SourceNode,
  scalarNode,
} from "./source.ts";

/**
 * The one document of a YAML text as a source tree.
 * Anchors, aliases and merge keys are expanded; duplicate keys, unknown tags, recursive aliases and
 * further documents are refused.
 * @throws TiesmithError `RECIPE_INVALID` or `RECIPE_UNSUPPORTED`
 */
export function sourceFromYaml(text: string, problems: ProblemList): SourceNode {
  const lines = new LineCounter();
  const documents = parseDocuments(text, lines, problems);
  const reader = new YamlReader(lines, problems);
  for (const document of documents) reader.reportSyntax(document);
  problems.throwIfAny();
  const [first, second] = documents.filter((document) => !isEmpty(document));
  if (second !== undefined) {
    const message =
      "Expected one YAML document, but found several; multi-stage recipes are not supported yet";
    problems.unsupported(message, { line: reader.lineOf(second.contents, null), path: "" });
  } else if (first === undefined) {
    problems.invalid("Expected a recipe, but the YAML text is empty", { line: 1, path: "" });
  }
  const root = first === undefined ? scalarNode(null, 1) : reader.read(first.contents, null, 0);
  problems.throwIfAny();
  return root;
}

function parseDocuments(text: string, lines: LineCounter, problems: ProblemList): readonly Document[] {
  // The core schema even for `%YAML 1.1` texts: there 012 is 10 and `no` a boolean; merge keys and
  // duplicate keys are judged by our walk, which also sees through aliases.
  const composer = new Composer({
    uniqueKeys: false,
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    logLevel: "silent",
  });
  const documents = [...composer.compose(shallowTokens(text, lines, problems))];
  problems.throwIfAny();
  return documents;
}

/**
 * The tokens of a text, ending at one that is nested too deep. The composer recurses over them, and
 * must not come near the end of the stack: where a regular expression is first compiled there, V8
 * aborts the process instead of throwing.
 */
function* shallowTokens(text: string, lines: LineCounter, problems: ProblemList): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    // One entry a collection, beside the document and the scalar at hand.
    if (parser.stack.length > MAX_DEPTH + 2) {
      const line = lines.linePos(parser.offset).line;
      problems.invalid(`Expected a recipe nested at most ${MAX_DEPTH} deep`, { line, path: "" });
      return;
    }
  }
  yield* parser.end();
}

function isEmpty(document: Document): boolean {
  const { contents } = document;
  return contents === null || (isScalar(contents) && contents.value === null);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

class YamlReader {
  readonly #lines: LineCounter;
  readonly #problems: ProblemList;
  /** Finished subtrees by anchor: an alias inside its own anchor finds nothing, so cycles cannot arise. */
  readonly #anchored = new Map<string, SourceNode>();
  /** Values so far, with every alias counted as what it stands for. */
  #nodeCount = 0;

  constructor(lines: LineCounter, problems: ProblemList) {
    this.#lines = lines;
    this.#problems = problems;
  }

  /** Only the first error of a document: the later ones are mostly its echoes. */
  reportSyntax(document: Document): void {
    const [error] = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
    if (error === undefined) return;
    const line = this.#lines.linePos(error.pos[0]).line;
    this.#problems.invalid(`Expected YAML, but: ${quote(oneLine(error.message)).slice(1, -1)}`, {
      line: Math.max(1, line),
      path: "",
    });
  }

  lineOf(node: Node | null, fallback: number | null): number | null {
    const offset = node?.range?.[0];
    return offset === undefined ? fallback : Math.max(1, this.#lines.linePos(offset).line);
  }

  read(node: Node | null, parentLine: number | null, depth: number): SourceNode {
    const line = this.lineOf(node, parentLine);
    if (depth > MAX_DEPTH) this.#refuseSize(`nested at most ${MAX_DEPTH} deep`, line);
    this.#nodeCount += isAlias(node) ? (this.#anchored.get(node.source)?.nodeCount ?? 1) : 1;
    if (this.#nodeCount > MAX_NODE_COUNT) {
      this.#refuseSize(`of at most ${MAX_NODE_COUNT} values, aliases expanded`, line);
    }
    const source = this.#convert(node, line, depth);
    if (node !== null && !isAlias(node) && node.anchor) this.#anchored.set(node.anchor, source);
    return source;
  }

  #convert(node: Node | null, line: number | null, depth: number): SourceNode {
    if (isAlias(node)) {
      const target = this.#anchored.get(node.source);
      if (target !== undefined) return target;
      const message = `Expected an anchor that ends before its alias, but found *${node.source.slice(0, 60)}`;
      this.#problems.invalid(message, { line, path: "" });
      return scalarNode(null, line);
    }
    if (isMap(node)) return this.#readMap(node as YAMLMap<Node, Node | null>, line, depth);
    if (isSeq(node)) {
      return listNode(
        node.items.map((item) => this.read(item as Node | null, line, depth + 1)),
        line,
      );
    }
    return scalarNode(isScalar(node) ? node.value : null, line);
  }

  #readMap(map: YAMLMap<Node, Node | null>, line: number | null, depth: number): SourceNode {
    const entries = new Map<string, SourceEntry>();
    const merged: SourceNode[] = [];
    for (const pair of map.items) {
      const keyLine = this.lineOf(pair.key, line);
      const key = this.#readKey(pair, keyLine, depth);
      const value = this.read(pair.value, keyLine, depth + 1);
      if (key === null) continue;
      if (isMergeKey(pair.key)) merged.push(...(value.kind === "list" ? value.items : [value]));
      else if (entries.has(key)) this.#refuseDuplicate(key, keyLine, entries.get(key)?.line ?? null);
      else entries.set(key, { line: keyLine, value });
    }
    for (const source of merged) this.#mergeInto(entries, source, line);
    return mapNode(entries, line);
  }

  /** The key as text; null for a key that is a list or a map, which is refused. */
  #readKey(pair: Pair<Node, Node | null>, line: number | null, depth: number): string | null {
    const key = this.read(pair.key, line, depth + 1);
    if (key.kind === "scalar") return String(key.value ?? "");
    this.#problems.invalid("Expected a word as key, but received a list or a mapping", { line, path: "" });
    return null;
  }

  /** Keys that stand in the map itself win over merged ones, earlier merged maps over later ones. */
  #mergeInto(entries: Map<string, SourceEntry>, source: SourceNode, line: number | null): void {
    if (source.kind !== "map") {
      this.#problems.invalid("Expected a mapping, or a list of them, to merge by <<", {
        line: source.line ?? line,
        path: "",
      });
      return;
    }
    for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
  }

  #refuseDuplicate(key: string, line: number | null, firstLine: number | null): void {
    const message = `Expected each key once, but ${quote(key)} is already in line ${firstLine}`;
    this.#problems.invalid(message, { line, path: "" });
  }

  /** Ends the walk: what follows would be judged without the part that is left out. */
  #refuseSize(limit: string, line: number | null): void {
    this.#problems.invalid(`Expected a recipe ${limit}`, { line, path: "" });
    this.#problems.throwIfAny();
  }
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}
