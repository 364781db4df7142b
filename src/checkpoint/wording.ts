/** How names and lists of names stand in messages: quoted, on one line, never endless. */

const NAME_LIMIT = 120;
const LIST_LIMIT = 5;

/** A name as it stands in a message: quoted, control characters escaped, cut at 120 characters. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > NAME_LIMIT ? `${name.slice(0, NAME_LIMIT)}…` : name);
}

/** The first five names of a list, quoted, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, LIST_LIMIT).map(quoted).join(", ");
  return names.length > LIST_LIMIT ? `${shown} and ${names.length - LIST_LIMIT} more` : shown;
}

/** A value as it stands in a message: JSON, cut at 120 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > NAME_LIMIT ? `${text.slice(0, NAME_LIMIT)}…` : text;
}
