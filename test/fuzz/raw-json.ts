/**
 * JSON as somebody hostile writes it: a tree whose keys and leaves are raw text, so that keys can be repeated or
 * escaped, and values can be what no serialiser prints.
 */
import fc from "fast-check";

/** Leaves are JSON texts, keys the texts between the quotes. */
export type RawJson = string | RawPair[];
type RawPair = [key: string, value: RawJson];

/** The text of a tree. */
export function render(json: RawJson): string {
  if (typeof json === "string") return json;
  return `{${json.map(([key, value]) => `"${key}":${render(value)}`).join(",")}}`;
}

/** Limits of doubles and of 64 bits, and spellings that are not JSON. */
const numbers = fc.oneof(
  fc.nat(64).map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.constantFrom("-0", "-1", "0.5", "1e3", "1e-400", "1e400", "01", "0x10", "NaN", "Infinity", "+1"),
  fc.constantFrom("9007199254740991", "9007199254740992", "9007199254740993", "18446744073709551615"),
  fc.constant(`1${"0".repeat(400)}`),
);

/** Far beyond what JSON.stringify takes, and within it. */
const nests = fc
  .tuple(fc.constantFrom(3, 60, 9000), fc.constantFrom<[string, string]>(["[", "]"], ['{"a":', "}"]))
  .map(([depth, [open, close]]) => `${open.repeat(depth)}${open === "[" ? "" : "1"}${close.repeat(depth)}`);

const words = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\ud800"', '"\\u0000"', '"\\u001b[2J"', '"a\\nb"', '"\u2028\u009b\u202e"', '"__proto__"'),
  fc.constant(`"${"long ".repeat(2000)}"`),
);

const values: fc.Arbitrary<RawJson> = fc.oneof(
  { arbitrary: numbers, weight: 6 },
  { arbitrary: words, weight: 3 },
  {
    arbitrary: fc.constantFrom("null", "true", "{}", "[]", "[0]", "[[0],[1]]", "[1,2,3]", "", "]", ","),
    weight: 3,
  },
  {
    arbitrary: fc.constantFrom(
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
    ),
    weight: 1,
  },
  { arbitrary: nests, weight: 1 },
);

const keys = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toString", "__metadata__", "dtype", "shape", "data_offsets"),
  fc.constantFrom(
    "",
    "\\u0061",
    "a",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\u0000",
    "\\u001b[2J",
    "\u2028",
    '\\"',
    "\\",
  ),
  fc.constant("k".repeat(5000)),
  fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => JSON.stringify(text).slice(1, -1)),
);

const edits = fc.oneof(
  fc.record({ kind: fc.constant("value"), at: fc.nat(200), value: values }),
  fc.record({ kind: fc.constant("key"), at: fc.nat(200), key: keys }),
  fc.record({ kind: fc.constant("repeat"), at: fc.nat(200), value: fc.option(values) }),
  fc.record({ kind: fc.constant("drop"), at: fc.nat(200) }),
  fc.record({ kind: fc.constant("swap"), at: fc.nat(200), other: fc.nat(200) }),
);
type Edit = { kind: string; at: number; value?: RawJson | null; key?: string; other?: number };

/** Trees of `valid`, with up to three edits anywhere; one in four is left as it is. */
export function mutated(valid: fc.Arbitrary<RawJson>): fc.Arbitrary<RawJson> {
  const editLists = fc.oneof(
    { arbitrary: fc.constant<Edit[]>([]), weight: 1 },
    { arbitrary: fc.array(edits, { minLength: 1, maxLength: 3 }), weight: 3 },
  );
  return fc.tuple(valid, editLists).map(([json, list]) => {
    const copy = structuredClone(json);
    for (const edit of list) applyEdit(copy, edit);
    return copy;
  });
}

function applyEdit(root: RawJson, edit: Edit): void {
  const places = placesOf(root);
  const place = places[edit.at % Math.max(1, places.length)];
  if (place === undefined) return;
  const { parent, pair } = place;
  if (edit.kind === "value") pair[1] = edit.value ?? "null";
  if (edit.kind === "key") pair[0] = edit.key ?? "";
  if (edit.kind === "repeat") parent.push([pair[0], structuredClone(edit.value ?? pair[1])]);
  if (edit.kind === "drop") parent.splice(parent.indexOf(pair), 1);
  const other = places[(edit.other ?? 0) % places.length]?.pair;
  // Two leaves: a subtree put into itself would never end.
  if (edit.kind === "swap" && typeof pair[1] === "string" && typeof other?.[1] === "string")
    [pair[1], other[1]] = [other[1], pair[1]];
}

/** Every pair of a tree with the object that it stands in. */
function placesOf(json: RawJson): { parent: RawPair[]; pair: RawPair }[] {
  if (typeof json === "string") return [];
  return json.flatMap((pair) => [{ parent: json, pair }, ...placesOf(pair[1])]);
}
