/** How names and lists of names stand in messages: quoted, on one line, never endless. */

const NAME_LIMIT = 120;
const LIST_LIMIT = 5;
const SHAPE_LIMIT = 8;
/** Levels and items of a value that are put into words before it is cut. */
const SHOWN_LEVELS = 3;
const ITEM_LIMIT = 20;

/** A name as it stands in a message: quoted, control characters escaped, cut at 120 characters. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > NAME_LIMIT ? `${name.slice(0, NAME_LIMIT)}…` : name);
}

/** The first five names of a list, quoted, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, LIST_LIMIT).map(quoted).join(", ");
  return names.length > LIST_LIMIT ? `${shown} and ${names.length - LIST_LIMIT} more` : shown;
}

/** A value as it stands in a message: JSON, cut at 120 characters and below the third level. */
export function shown(value: unknown): string {
  const text = outerLevels(value, SHOWN_LEVELS);
  return text.length > NAME_LIMIT ? `${text.slice(0, NAME_LIMIT)}…` : text;
}

/** A shape as it stands in a message, with its first eight dimensions. */
export function shownShape(shape: readonly number[]): string {
  const more = shape.length > SHAPE_LIMIT ? `, … ${shape.length} dimensions` : "";
  return `[${shape.slice(0, SHAPE_LIMIT).join(", ")}${more}]`;
}

/**
 * JSON without what lies deep or far back. `JSON.parse` takes in any depth, `JSON.stringify` ends in a RangeError
 * some thousands of levels down, and both take a file of many megabytes.
 */
function outerLevels(value: unknown, levels: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, NAME_LIMIT));
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? String(value);
  if (levels === 0) return "…";
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEM_LIMIT).map((item) => outerLevels(item, levels - 1));
    return `[${items.join(",")}${value.length > ITEM_LIMIT ? ",…" : ""}]`;
  }
  const entries = Object.entries(value);
  const pairs = entries
    .slice(0, ITEM_LIMIT)
    .map(([key, item]) => `${JSON.stringify(key.slice(0, NAME_LIMIT))}:${outerLevels(item, levels - 1)}`);
  return `{${pairs.join(",")}${entries.length > ITEM_LIMIT ? ",…" : ""}}`;
}
