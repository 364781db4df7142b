/** A recipe from a command line: `--method ties --base BASE CT:density=1 SFT:density=0.2,weight=1`. */

import { TiesmithError } from "../errors.ts";
import type { MethodSchema, ParameterSpec } from "./method-schema.ts";
import type { RecipeInput, RecipeModelInput, SettingsInput } from "./recipe.ts";
import { quote } from "./source.ts";

/** The words of a command line that tell a recipe. */
export interface Shorthand {
  readonly method: string;
  readonly base?: string | null | undefined;
  /** `PATH`, `CT:density=1`, `org/name@rev:density=0.2,weight=1`. */
  readonly models: readonly string[];
  /** Top-level parameters: `lambda=1.5`. */
  readonly parameters?: readonly string[] | undefined;
  readonly dtype?: string | null | undefined;
  readonly outDtype?: string | null | undefined;
  readonly tokenizerSource?: string | null | undefined;
}

/** `weight` where none is given, so that short command lines stay short; recipes must say it. */
const DEFAULT_WEIGHT = 1;

const NUMBER = /^[-+]?(?:\.\d+|\d+\.?\d*)(?:e[-+]?\d+)?$/i;

/**
 * The plain recipe that a command line means; `recipeFromObject` validates it.
 * A model without a weight gets 1, if the method weighs its models.
 * @throws TiesmithError `USAGE` when a word is not of the form `MODEL[:KEY=VALUE,...]` or `KEY=VALUE`
 */
export function recipeFromShorthand(shorthand: Shorthand, methods: readonly MethodSchema[]): RecipeInput {
  const { method, base, dtype, outDtype, tokenizerSource } = shorthand;
  const specs = methods.find(({ name }) => name === method)?.parameters ?? [];
  const models = shorthand.models.map((word) => parseModelWord(word, specs));
  const given = parsePairs(shorthand.parameters ?? [], specs, "a parameter");
  const wantsWeight = specs.some(({ name, level }) => name === "weight" && level === "model");
  const isWeighed =
    Object.hasOwn(given, "weight") || models.every((m) => Object.hasOwn(m.parameters ?? {}, "weight"));
  const parameters = wantsWeight && !isWeighed ? { weight: DEFAULT_WEIGHT, ...given } : given;
  return {
    merge_method: method,
    ...(base != null && { base_model: base }),
    models,
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(dtype != null && { dtype }),
    ...(outDtype != null && { out_dtype: outDtype }),
    ...(tokenizerSource != null && { tokenizer_source: tokenizerSource }),
  };
}

/** Splits at the last colon, unless a slash without `=` follows it: then the colon is the path's own. */
function parseModelWord(word: string, specs: readonly ParameterSpec[]): RecipeModelInput {
  const colon = word.lastIndexOf(":");
  const tail = word.slice(colon + 1);
  if (colon < 0 || (tail.includes("/") && !tail.includes("="))) return { model: word };
  if (colon === 0) throw usage(`Expected MODEL:KEY=VALUE,..., but received ${quote(word)} without a model`);
  return {
    model: word.slice(0, colon),
    parameters: parsePairs(tail.split(","), specs, `model ${quote(word)}`),
  };
}

function parsePairs(pairs: readonly string[], specs: readonly ParameterSpec[], owner: string): SettingsInput {
  const settings = new Map<string, number | boolean | string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, equals).trim();
    const text = pair.slice(equals + 1).trim();
    if (equals < 0 || key === "" || text === "") {
      throw usage(`Expected KEY=VALUE for ${owner}, but received ${quote(pair)}`);
    }
    if (settings.has(key)) throw usage(`Expected ${quote(key)} once for ${owner}, but received it again`);
    settings.set(
      key,
      parseWord(
        text,
        specs.find(({ name }) => name === key),
      ),
    );
  }
  return Object.fromEntries(settings);
}

/** Only numbers and booleans are converted; every other text is left for the validation to judge. */
function parseWord(text: string, spec: ParameterSpec | undefined): number | boolean | string {
  if (spec?.type === "number" && NUMBER.test(text)) return Number(text);
  if (spec?.type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function usage(message: string): TiesmithError {
  return new TiesmithError("USAGE", message);
}
