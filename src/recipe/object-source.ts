/** Plain object → source tree, for recipes given through the API. */

import type { ProblemList } from "./problem-list.ts";
import {
  listNode,
  MAX_DEPTH,
  MAX_NODE_COUNT,
  mapNode,
  type SourceEntry,
  type SourceNode,
  scalarNode,
} from "./source.ts";

/**
 * A plain value as a source tree; keys whose value is `undefined` count as absent.
 * @throws TiesmithError `RECIPE_INVALID` when it is too deep (circular) or too large
 */
export function sourceFromObject(value: unknown, problems: ProblemList): SourceNode {
  let nodeCount = 0;
  let isOverfull = false;
  const convert = (item: unknown, depth: number): SourceNode => {
    nodeCount++;
    // An array's length is asked first: a sparse one is as long as it likes, and every hole would be visited.
    const itemCount = Array.isArray(item) ? item.length : 0;
    if (depth > MAX_DEPTH || nodeCount + itemCount > MAX_NODE_COUNT) {
      isOverfull = true;
      return scalarNode(null, null);
    }
    if (Array.isArray(item)) {
      return listNode(
        Array.from(item, (child) => convert(child, depth + 1)),
        null,
      );
    }
    if (!isPlainObject(item)) return scalarNode(item, null);
    const entries = new Map<string, SourceEntry>();
    for (const [key, child] of Object.entries(item)) {
      if (child !== undefined) entries.set(key, { line: null, value: convert(child, depth + 1) });
    }
    return mapNode(entries, null);
  };
  const root = convert(value, 0);
  if (isOverfull) {
    const limit = `nested at most ${MAX_DEPTH} deep and of at most ${MAX_NODE_COUNT} values`;
    problems.invalid(`Expected a recipe ${limit}`, { line: null, path: "" });
  }
  problems.throwIfAny();
  return root;
}

function isPlainObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}
