/** Arguments as a tree: finding its places, replacing what stands there, and watching it being read. */
import { types } from "node:util";

const PLAIN = [Object.prototype, Array.prototype];
const isTree = (value) =>
  typeof value === "object" &&
  value !== null &&
  !types.isProxy(value) &&
  PLAIN.includes(Object.getPrototypeOf(value));
/** Handles are plain objects without keys. */
const keysOf = (value) => (isTree(value) ? Object.keys(value) : []);

/** The paths of all values, the arguments themselves included. */
export function placesOf(words) {
  return keysOf(words).flatMap((key) => [[key], ...placesOf(words[key]).map((path) => [key, ...path])]);
}

/** Puts `value` at a path; a path that an earlier replacement has cut off is left alone. */
export function replace(words, path, value) {
  const parent = path.slice(0, -1).reduce((item, key) => item?.[key], words);
  if (isTree(parent)) parent[path.at(-1)] = value;
}

/** The arguments with a getter for every value; `seen` is called with each reading, counted from 0. */
export function watched(words, seen) {
  let readings = 0;
  const wrap = (value) => {
    const keys = keysOf(value);
    if (keys.length === 0) return value;
    const copy = Array.isArray(value) ? [] : {};
    for (const key of keys) {
      const child = wrap(value[key]);
      const get = () => {
        seen(readings++, copy);
        return child;
      };
      Object.defineProperty(copy, key, { get, enumerable: true, configurable: true });
    }
    return copy;
  };
  // The outermost array is spread by the call: its elements are read before the addon is entered.
  return words.map(wrap);
}
