/** The three ways in: a recipe file, a recipe text, a plain object. */

import { readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { messageOf, TiesmithError } from "../errors.ts";
import type { MethodSchema } from "./method-schema.ts";
import { sourceFromObject } from "./object-source.ts";
import { recipeFromSource } from "./parse.ts";
import { ProblemList } from "./problem-list.ts";
import type { Recipe, RecipeInput, RecipeOrigin } from "./recipe.ts";
import { quote } from "./source.ts";
import { sourceFromYaml } from "./yaml-source.ts";

/** Larger files are no recipes: somebody named a checkpoint. Parsing the worst text of this size takes ~2 s. */
const MAX_RECIPE_BYTES = 1 << 18;

const NO_ORIGIN: RecipeOrigin = { path: null, folder: null };

/**
 * Reads and validates a recipe file.
 * @throws TiesmithError `RECIPE_INVALID` or `RECIPE_UNSUPPORTED` with all problems; `NO_PERMISSION`
 *   and `IO_FAILED` when the file cannot be read
 */
export function readRecipe(path: string, methods: readonly MethodSchema[]): Recipe {
  const text = decode(readBytes(path), path);
  return parseRecipe(text, methods, { path, folder: dirname(resolve(path)) });
}

/**
 * Validates a recipe text.
 * @throws TiesmithError `RECIPE_INVALID` or `RECIPE_UNSUPPORTED` with all problems, each with its line
 */
export function parseRecipe(
  text: string,
  methods: readonly MethodSchema[],
  origin: RecipeOrigin = NO_ORIGIN,
): Recipe {
  const problems = new ProblemList(origin.path === null ? null : basename(origin.path));
  if (text.length > MAX_RECIPE_BYTES) {
    const message = `Expected a recipe of at most ${MAX_RECIPE_BYTES} bytes, but received ${text.length} characters`;
    problems.invalid(message, { line: 1, path: "" });
    problems.throwIfAny();
  }
  return recipeFromSource(sourceFromYaml(text, problems), methods, problems, origin);
}

/**
 * Validates a recipe given as a plain object, spelt as mergekit spells its YAML.
 * Relative model paths are looked up in `origin.folder`, if one is given.
 * @throws TiesmithError `RECIPE_INVALID` or `RECIPE_UNSUPPORTED` with all problems, each with its key path
 */
export function recipeFromObject(
  input: RecipeInput,
  methods: readonly MethodSchema[],
  origin: RecipeOrigin = NO_ORIGIN,
): Recipe {
  const problems = new ProblemList(null);
  return recipeFromSource(sourceFromObject(input, problems), methods, problems, origin);
}

function readBytes(path: string): Buffer {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw refusal(`Expected a recipe file, but ${quote(path)} is not a file`, path);
    if (stat.size > MAX_RECIPE_BYTES) {
      const limit = `at most ${MAX_RECIPE_BYTES} bytes`;
      throw refusal(`Expected a recipe of ${limit}, but ${quote(path)} has ${stat.size}`, path);
    }
    return readFileSync(path);
  } catch (error) {
    throw error instanceof TiesmithError ? error : readFailure(error, path);
  }
}

function readFailure(error: unknown, path: string): TiesmithError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EACCES" || code === "EPERM") {
    return new TiesmithError(
      "NO_PERMISSION",
      `Expected to read recipe ${quote(path)}, but the system refused`,
      { path },
    );
  }
  if (code === "EIO" || code === "EMFILE" || code === "ENFILE") {
    return new TiesmithError("IO_FAILED", `Cannot read recipe ${quote(path)}: ${messageOf(error)}`, { path });
  }
  // ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, a NUL in the path: the path itself is wrong.
  return refusal(`Expected a recipe file, but there is none at ${quote(path)}`, path);
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refusal(`Expected a recipe in UTF-8, but ${quote(path)} holds other bytes`, path);
  }
}

function refusal(message: string, path: string): TiesmithError {
  return new TiesmithError("RECIPE_INVALID", message, { path });
}
