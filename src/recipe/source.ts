/** The common shape of YAML and plain objects: a small tree whose nodes may know their line. */

/** Deepest nesting taken in; a recipe needs six levels. */
export const MAX_DEPTH = 32;

/** Most nodes of a recipe, aliases expanded: what stops alias bombs. A 200-layer recipe has ~2,000. */
export const MAX_NODE_COUNT = 100_000;

interface NodeBase {
  /** Line in the YAML text from 1; null when the recipe is an object. */
  readonly line: number | null;
  /** Nodes in this subtree, itself included. */
  readonly nodeCount: number;
}

/** A key with its value. */
export interface SourceEntry {
  readonly line: number | null;
  readonly value: SourceNode;
}

export interface SourceMap extends NodeBase {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, SourceEntry>;
}

export interface SourceList extends NodeBase {
  readonly kind: "list";
  readonly items: readonly SourceNode[];
}

export interface SourceScalar extends NodeBase {
  readonly kind: "scalar";
  /** Anything: types are judged by whoever wants the value. */
  readonly value: unknown;
}

export type SourceNode = SourceMap | SourceList | SourceScalar;

/** Makes a scalar node. */
export function scalarNode(value: unknown, line: number | null): SourceScalar {
  return { kind: "scalar", value, line, nodeCount: 1 };
}

/** Makes a list node. */
export function listNode(items: readonly SourceNode[], line: number | null): SourceList {
  return { kind: "list", items, line, nodeCount: countNodes(items) };
}

/** Makes a map node. */
export function mapNode(entries: ReadonlyMap<string, SourceEntry>, line: number | null): SourceMap {
  return { kind: "map", entries, line, nodeCount: countNodes([...entries.values()].map((e) => e.value)) };
}

/** Whether a node says "nothing here", as mergekit's optional keys may. */
export function isNull(node: SourceNode): boolean {
  return node.kind === "scalar" && (node.value === null || node.value === undefined);
}

/** What was found, for the end of a message: one line, at most some 80 characters. */
export function describeNode(node: SourceNode): string {
  if (node.kind === "map") return "a mapping";
  if (node.kind === "list") return node.items.length === 0 ? "an empty list" : "a list";
  return describeScalar(node.value);
}

/** A text in quotes, shortened and on one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

function describeScalar(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function countNodes(children: readonly SourceNode[]): number {
  return children.reduce((sum, child) => sum + child.nodeCount, 1);
}
