/** `plan` tells from headers alone what a merge would do, and every reason why it could not. */
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PlanReportOptions, plan, type RecipeInput } from "tiesmith";
import { describe, expect, it } from "vitest";
import {
  entry,
  f32,
  header,
  type TensorData,
  temporaryFolder,
  writeJson,
  writeRawSafetensors,
  writeSafetensors,
} from "../checkpoint/safetensors-builder.ts";
import { bf16 } from "../execute/tensor-builders.ts";

const GATE = [0, 1, 2].map((layer) => `model.layers.${layer}.mlp.gate_proj.weight`);
const TENSORS: Record<string, TensorData> = {
  "model.norm.weight": f32([2], [1, 2]),
  ...Object.fromEntries(GATE.map((name) => [name, bf16([2, 2], [1, 2, 3, 4])])),
};

function workspace(): { folder: string; recipe: RecipeInput } {
  const folder = temporaryFolder();
  for (const model of ["base", "ct", "sft"]) {
    mkdirSync(join(folder, model));
    writeSafetensors(join(folder, model, "model.safetensors"), TENSORS);
    writeJson(join(folder, model, "config.json"), { model_type: "llama", num_hidden_layers: 3 });
  }
  const models = ["ct", "sft"].map((model) => ({
    model: join(folder, model),
    parameters: { weight: 1, density: [0.2, 1] },
  }));
  return { folder, recipe: { merge_method: "ties", base_model: join(folder, "base"), models } };
}

describe("a plan", () => {
  it("tells models, formats, bytes, memory and disk", () => {
    const { folder, recipe } = workspace();
    const report = plan(recipe, { out: join(folder, "out"), threads: 2, maxShardBytes: 16 });
    expect(report).toMatchObject({
      problems: [],
      method: "ties",
      scope: "tensor",
      tensorCount: 4,
      parameterCount: 14,
      storedAs: expect.arrayContaining(["F32", "BF16"]),
      shardCount: 2,
      readBytes: 3 * (8 + 3 * 8),
      writeBytes: 2 * 4096 + 8 + 3 * 8,
      threads: 2,
      notes: [],
      explained: null,
    });
    expect(report.models).toMatchObject([
      { role: "base", folder: join(folder, "base"), fileCount: 1, dtypes: ["F32", "BF16"] },
      { role: "model", folder: join(folder, "ct") },
      { role: "model", folder: join(folder, "sft") },
    ]);
    expect(report.peakMemoryBytes).toBeGreaterThan(100e6);
    expect(report.freeDiskBytes).toBeGreaterThan(0);
  });

  it("explains the parameters of a tensor, gradients resolved by its layer", () => {
    const { recipe } = workspace();
    const { explained } = plan(recipe, { explain: GATE[1] });
    expect(explained).toMatchObject({ name: GATE[1], shape: [2, 2], storedAs: "BF16", copied: false });
    const densities = explained?.parameters.filter(({ name }) => name === "density");
    expect(densities).toMatchObject([
      { model: recipe.models[0]?.model, value: 0.6 },
      { model: recipe.models[1]?.model, value: 0.6 },
    ]);
    const normalize = explained?.parameters.find(({ name }) => name === "normalize");
    expect(normalize).toEqual({ name: "normalize", model: null, value: true });
  });

  it("names the nearest tensor where there is none to explain", () => {
    const { problems } = plan(workspace().recipe, { explain: "model.norm.wieght" });
    expect(problems).toMatchObject([
      { code: "USAGE", message: expect.stringMatching(/model\.norm\.weight\?/) },
    ]);
  });

  it("of models of any size takes well under a second, and reads no tensor", () => {
    const { folder, recipe } = workspace();
    const elementCount = 2 ** 31;
    const count = 400;
    const names = Array.from({ length: count }, (_, i) => `model.layers.${i}.weight`);
    const entries = names.map((name, i): [string, object] => {
      const bytes = 2 * elementCount;
      return [name, entry(i * bytes, (i + 1) * bytes, [elementCount], "BF16")];
    });
    // Holes: 1.7 TB a model that take no room.
    for (const model of ["base", "ct", "sft"]) {
      const path = join(folder, model, "model.safetensors");
      const text = header(Object.fromEntries(entries));
      writeRawSafetensors(path, text);
      truncateSync(path, 8 + text.length + 2 * elementCount * count);
    }
    const started = performance.now();
    const report = plan(recipe);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(report).toMatchObject({ problems: [], tensorCount: count, parameterCount: elementCount * count });
    expect(plan(recipe, { out: join(folder, "out") }).problems).toMatchObject([{ code: "DISK_FULL" }]);
  });
});

describe("all problems are told at once:", () => {
  it("of models, output and options together", () => {
    const { folder, recipe } = workspace();
    writeSafetensors(join(folder, "ct", "model.safetensors"), { "model.norm.weight": f32([3], [1, 2, 3]) });
    writeFileSync(join(folder, "sft", "model.safetensors"), "short");
    mkdirSync(join(folder, "out"));
    const codes = (options: PlanReportOptions) => plan(recipe, options).problems.map(({ code }) => code);
    expect(codes({ out: join(folder, "out") })).toEqual(["CHECKPOINT_INVALID", "OUTPUT_EXISTS"]);
    writeSafetensors(join(folder, "sft", "model.safetensors"), { ...TENSORS, more: f32([1], [1]) });
    const { problems } = plan(recipe, { out: join(folder, "base", "out") });
    expect(problems.map(({ code }) => code)).toEqual([
      "MODELS_MISMATCH", // names of ct
      "MODELS_MISMATCH", // shapes of ct
      "MODELS_MISMATCH", // names of sft
    ]);
    expect(problems[0]?.details.missing).toEqual(GATE);
    expect(problems[1]?.message).toMatch(/model\.norm\.weight \[3\] instead of \[2\]/);
    expect(problems[2]?.details.extra).toEqual(["more"]);
  });

  it("of the recipe, as data and not as an exception", () => {
    const report = plan({ merge_method: "tees", models: [] });
    expect(report.problems.length).toBeGreaterThan(0);
    expect(report).toMatchObject({ method: null, models: null, tensorCount: null, writeBytes: null });
  });

  it("of parameters that no filter gives a value", () => {
    const { recipe } = workspace();
    const weight = [{ filter: "norm", value: 1 }];
    const models = recipe.models.map(({ model }) => ({ model, parameters: { weight } }));
    const { problems } = plan({ ...recipe, models });
    expect(problems).toMatchObject([
      {
        code: "RECIPE_INVALID",
        message: expect.stringMatching(/weight of model .*ct.*gate_proj.* and 2 more/),
      },
      { code: "RECIPE_INVALID", message: expect.stringMatching(/weight of model .*sft/) },
    ]);
  });

  it("of more models than a merge can take", () => {
    const { recipe } = workspace();
    const models = new Array(257).fill(recipe.models[0]);
    expect(plan({ ...recipe, models }).problems).toMatchObject([
      { code: "RECIPE_INVALID", message: expect.stringMatching(/at most 256 models.* 257/) },
    ]);
  });
});

describe("notes", () => {
  it("tell of chat templates and vocabularies that differ", () => {
    const { folder, recipe } = workspace();
    const vocabulary = (words: string[]) =>
      JSON.stringify({ model: { vocab: Object.fromEntries(words.map((word, i) => [word, i])) } });
    for (const [model, words] of Object.entries({ base: ["a", "b"], ct: ["a", "b"], sft: ["b", "a"] })) {
      writeFileSync(join(folder, model, "tokenizer.json"), vocabulary(words));
      writeFileSync(join(folder, model, "chat_template.jinja"), model === "ct" ? "{{ x }}" : "{{ y }}");
    }
    const { notes, problems } = plan(recipe);
    expect(problems).toEqual([]);
    expect(notes).toContainEqual(expect.stringMatching(/chat template of .*ct differs/));
    expect(notes).toContainEqual(expect.stringMatching(/vocabulary of .*sft differs/));
    expect(plan({ ...recipe, tokenizer_source: "base" }).problems).toEqual([]);
    expect(plan({ ...recipe, tokenizer_source: join(folder, "ct") }).problems).toMatchObject([
      { code: "MODELS_MISMATCH", message: expect.stringMatching(/sft/) },
    ]);
  });
});
