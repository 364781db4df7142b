import { writeFileSync } from "node:fs";
import path from "node:path";

const STORED_DTYPES = { bf16: "bfloat16", f32: "float32" };

// The settings of the paper: TIES with k_ct = 1, k_sft = 0.2; slack 4 % for the model that was tuned on tasks.
const TIES_MODELS = { ct: { weight: 1, density: 1.0 }, sft: { weight: 1, density: 0.2 } };

const METHODS = {
  ties: (scope) => ({ base: "base", models: TIES_MODELS, parameters: { scope } }),
  ties_sv: (scope) => ({
    base: "base",
    models: TIES_MODELS,
    parameters: { scope, slack: 0.04, priority: "sft" },
  }),
  linear: () => ({ models: { ct: { weight: 0.7 }, sft: { weight: 0.3 } }, parameters: {} }), // cuts nothing: no scope
};

/** The methods that the bench has a recipe for. */
export const METHOD_NAMES = Object.keys(METHODS);

/** Whether a scope means anything to a method. */
export function hasScope(method) {
  return method !== "linear";
}

/**
 * Writes the recipe of a method over a fixture beside it.
 *
 * @param {import("./fixtures.mjs").Fixture} fixture
 * @returns {{ file: string, inputs: string[] }} the recipe, and the model folders it reads, base first
 */
export function writeRecipe(fixture, method, scope) {
  const { base, models, parameters } = METHODS[method](scope);
  const lines = [`merge_method: ${method}`];
  if (base !== undefined) lines.push(`base_model: ${quote(fixture.models[base])}`);
  lines.push("models:");
  for (const [name, settings] of Object.entries(models)) {
    lines.push(`  - model: ${quote(fixture.models[name])}`, "    parameters:", ...listKeys(settings, 6));
  }
  const resolved = { ...parameters };
  if (resolved.priority !== undefined) resolved.priority = quote(fixture.models[resolved.priority]);
  if (Object.keys(resolved).length > 0) lines.push("parameters:", ...listKeys(resolved, 2));
  lines.push(`dtype: ${STORED_DTYPES[fixture.dtype]}`);
  const file = path.join(fixture.folder, hasScope(method) ? `${method}-${scope}.yaml` : `${method}.yaml`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  const names = base === undefined ? Object.keys(models) : [base, ...Object.keys(models)];
  return { file, inputs: names.map((name) => fixture.models[name]) };
}

function listKeys(entries, indent) {
  return Object.entries(entries).map(([key, value]) => `${" ".repeat(indent)}${key}: ${value}`);
}

function quote(text) {
  return JSON.stringify(text); // JSON strings are YAML strings
}
