/** Hostile recipes, as files and as objects, and what a recipe that is accepted must guarantee. */
import fc from "fast-check";
import { stringify } from "yaml";
import { type Recipe, recipeFromObject, recipeToPlain, type Setting } from "../../src/recipe/recipe.ts";
import { plainRecipes } from "../recipe/recipe-arbitraries.ts";
import { METHODS } from "../recipe/schemas.ts";
import { damaged } from "./damaged-bytes.ts";

const scalars = fc.oneof(
  fc.constantFrom("1e400", "-1e400", ".nan", ".inf", "0x7f", "0o17", "012", "-0", "1_000", "2026-01-01"),
  fc.constantFrom("~", "null", "yes", "!!binary aGk=", "!!set {}", "!x 1", "!!js/function 'x'", "&a 1", "*a"),
  fc.constantFrom('"\\ud800"', '"\\u2028"', '"\\0"', '"\\e[2J"', "'\u009b'", "__proto__", "constructor"),
  fc.constantFrom("[", "{", "]", "}", "'", '"', "|", ">-", "- -", "? x", ": x", "<<: *a", "%TAG", "\t"),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const keys = fc.constantFrom(
  "__proto__",
  "constructor",
  "toString",
  "merge_method",
  "models",
  "weight",
  "filter",
  "value",
  "<<",
  "? [a]",
  "path",
);

const lineEdits = fc.oneof(
  fc.record({ kind: fc.constant("value"), at: fc.nat(60), text: scalars }),
  fc.record({ kind: fc.constant("key"), at: fc.nat(60), text: keys }),
  fc.record({ kind: fc.constant("repeat"), at: fc.nat(60) }),
  fc.record({ kind: fc.constant("drop"), at: fc.nat(60) }),
  fc.record({ kind: fc.constant("indent"), at: fc.nat(60), by: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ kind: fc.constant("insert"), at: fc.nat(60), text: scalars }),
);
type LineEdit = { kind: string; at: number; text?: string; by?: number };

function editLine(lines: readonly string[], { kind, at, text = "", by = 0 }: LineEdit): string[] {
  const index = at % lines.length;
  const line = lines[index] as string;
  const edited: Record<string, string[]> = {
    value: [line.replace(/(:|-)( .*)?$/, `$1 ${text.replaceAll("$", "$$$$")}`)],
    key: [line.replace(/[^\s:-][^:]*:/, () => `${text}:`)],
    repeat: [line, line],
    drop: [],
    indent: [by < 0 ? line.slice(-by) : " ".repeat(by) + line],
    insert: [text, line],
  };
  return lines.toSpliced(index, 1, ...(edited[kind] as string[]));
}

const editedRecipes = fc
  .tuple(plainRecipes(), fc.array(lineEdits, { maxLength: 3 }))
  .map(([recipe, edits]) => {
    return edits
      .reduce<string[]>(
        (lines, edit) => (lines.length === 0 ? lines : editLine(lines, edit)),
        stringify(recipe).split("\n"),
      )
      .join("\n");
  });

/** Texts that cost much for their size: deep, wide, long, or far larger once their aliases are expanded. */
const costlyTexts = fc
  .tuple(
    fc.constantFrom("bomb", "merges", "flow", "block", "line", "keys", "documents", "anchors", "quotes"),
    fc.constantFrom(3, 30, 300, 3000),
  )
  .map(([kind, size]) => {
    const each = (text: (i: number) => string) => Array.from({ length: size }, (_, i) => text(i)).join("");
    const texts: Record<string, () => string> = {
      bomb: () => `a0: &a0 [x]\n${each((i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`)}`,
      merges: () =>
        `a0: &a0 {x: 1}\n${each((i) => `a${i + 1}: &a${i + 1}\n  <<: [*a${i}, *a${i}]\n  y${i}: 1\n`)}`,
      flow: () => `models: ${"[".repeat(size)}${"]".repeat(size)}\n`,
      block: () => each((i) => `${" ".repeat(Math.min(i, 900))}- \n`),
      line: () => `merge_method: ${"x".repeat(size * 50)}\nbase_model: b\n`,
      keys: () => each((i) => `key${i}: ${i}\n`),
      documents: () => each(() => "---\nmerge_method: ties\n"),
      anchors: () => `models:\n${each((i) => `- &a${i} ${i}\n- *a${i}\n`)}`,
      quotes: () => `merge_method: "${"\\u00e9\\\n  ".repeat(size)}"\n`,
    };
    return (texts[kind] as () => string)();
  });

/** Recipe files: correct ones, edited ones, damaged ones, costly ones, and noise. */
export const recipeFiles: fc.Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: damaged(editedRecipes), weight: 200 },
  { arbitrary: fc.uint8Array({ maxLength: 100 }), weight: 5 },
  { arbitrary: costlyTexts.map((text) => Buffer.from(text)), weight: 1 },
);

const anything = fc.anything({
  key: fc.oneof(keys, fc.string()),
  values: [scalars, fc.double(), fc.boolean(), fc.constant(null), fc.bigInt(), fc.constant(Symbol("s"))],
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
});

/** What refers to itself, has holes without end, or is nested far too deep. */
const endless = fc.constantFrom<() => unknown>(
  () => {
    const circle: Record<string, unknown> = { merge_method: "ties" };
    circle.models = [circle];
    return circle;
  },
  () => ({ merge_method: "ties", models: new Array(2 ** 32 - 1) }),
  () => JSON.parse(`${'{"models":'.repeat(5000)}1${"}".repeat(5000)}`),
  () =>
    JSON.parse('{"merge_method":"ties","__proto__":{"polluted":1},"models":[{"__proto__":{"model":"a"}}]}'),
);

/** Objects given as recipes: correct ones with values replaced, and anything at all. */
export const recipeObjects: fc.Arbitrary<unknown> = fc.oneof(
  {
    arbitrary: fc
      .tuple(plainRecipes(), fc.array(fc.tuple(fc.nat(60), anything), { maxLength: 2 }))
      .map(([recipe, replacements]) => replacements.reduce(replaced, structuredClone(recipe) as object)),
    weight: 60,
  },
  { arbitrary: anything, weight: 10 },
  { arbitrary: endless.map((make) => make()), weight: 1 },
);

/** The recipe with its `at`-th value, counted in depth first order, replaced. */
function replaced(root: object, [at, value]: readonly [number, unknown]): object {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (item: unknown): void => {
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item)) return;
    for (const key of Object.keys(item)) {
      places.push([item as Record<string, unknown>, key]);
      visit((item as Record<string, unknown>)[key]);
    }
  };
  visit(root);
  const place = places[at % Math.max(1, places.length)];
  if (place !== undefined) Reflect.set(place[0], place[1], value);
  return root;
}

/** A known method, models, finite numbers, and a plain form that reads as the same recipe. */
export function checkRecipe(recipe: Recipe): void {
  if (!METHODS.some(({ name }) => name === recipe.mergeMethod)) throw new Error("accepted an unknown method");
  if (recipe.models.length === 0) throw new Error("accepted without models");
  for (const { reference } of recipe.models)
    if (/\p{Cc}/u.test(reference.location)) throw new Error("accepted a path with control characters");
  const settings: Setting[] = [recipe.parameters, ...recipe.models.map((model) => model.parameters)].flatMap(
    (group) => Object.values(group),
  );
  for (const value of settings.flat().flatMap((conditional) => conditional.value))
    if (typeof value === "number" && !Number.isFinite(value))
      throw new Error("accepted a number that is none");
  const plain = recipeToPlain(recipe);
  const again = recipeToPlain(recipeFromObject(JSON.parse(JSON.stringify(plain)), METHODS));
  if (JSON.stringify(again) !== JSON.stringify(plain))
    throw new Error("accepted, but its plain form is another");
}
