/** Every kind of bad recipe and checkpoint, through `merge`: a typed error that names the culprit, and no output. */
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecipeInput } from "tiesmith";
import { describe, it } from "vitest";
import {
  entry,
  f32,
  header,
  type TensorData,
  writeJson,
  writeRawSafetensors,
} from "../checkpoint/safetensors-builder.ts";
import {
  type Expected,
  expectRefused,
  HEAD,
  NORM,
  RECIPE,
  TENSORS,
  workspace,
  writeWeights,
} from "./refused-merges.ts";
import { i64 } from "./tensor-builders.ts";

describe("a recipe is refused:", () => {
  const cases: [what: string, from: string | RegExp, to: string, ...expected: Expected][] = [
    ["unknown key", "base_model", "base_modle", "RECIPE_INVALID", /base_modle.*base_model.*recipe\.yaml:2/],
    ["unknown method", "ties_sv", "ties_vs", "RECIPE_INVALID", /"ties_vs".*ties_sv.*recipe\.yaml:1/],
    ["unknown parameter", "slack:", "slak:", "RECIPE_INVALID", /slak.*slack.*recipe\.yaml:8/],
    ["wrong type", "density: 1 ", "density: [a] ", "RECIPE_INVALID", /density.*recipe\.yaml:5/],
    [
      "wrong range",
      "density: 0.5",
      "density: 1.5",
      "RECIPE_INVALID",
      /density between 0 and 1 .*sft.* 1\.5 /,
    ],
    ["missing weight", "weight: 1, density: 0.5", "density: 0.5", "RECIPE_INVALID", /weight.*sft/],
    ["missing base", "base_model: base\n", "", "RECIPE_INVALID", /base_model for ties_sv/],
    ["missing priority", "priority: sft, ", "", "RECIPE_INVALID", /priority/],
    ["priority that is none of the models", "priority: sft", "priority: base", "RECIPE_INVALID", /"base"/],
    ["base that does not exist", "base_model: base", "base_model: ./bass", "MODEL_NOT_FOUND", /bass/],
    ["model that does not exist", "model: ct", "model: ./cd", "MODEL_NOT_FOUND", /\.\/cd/],
    ["text that is no YAML", /^.*$/s, "models: [\n", "RECIPE_INVALID", /YAML.*recipe\.yaml:/],
    ["method of mergekit's", "ties_sv", "slerp", "RECIPE_UNSUPPORTED", /slerp/],
    ["key of mergekit's", /$/, "slices: []\n", "RECIPE_UNSUPPORTED", /slices/],
  ];
  it.each(cases)("%s", async (_, from, to, code, culprit) => {
    const folder = workspace();
    writeFileSync(join(folder, "recipe.yaml"), RECIPE.replace(from, to));
    await expectRefused(folder, [code, culprit]);
  });

  it("file that does not exist", async () => {
    const folder = workspace();
    await expectRefused(folder, ["RECIPE_INVALID", /none\.yaml/], {}, join(folder, "none.yaml"));
  });

  it("zero_sign: priority without a priority model", async () => {
    const folder = workspace();
    const text = RECIPE.replace("ties_sv", "ties").replace(
      "priority: sft, slack: 0.04",
      "zero_sign: priority",
    );
    writeFileSync(join(folder, "recipe.yaml"), text);
    await expectRefused(folder, ["RECIPE_INVALID", /priority.*zero_sign: priority/]);
  });

  it("two densities under scope model", async () => {
    const folder = workspace();
    const density = "[{ filter: norm, value: 0.5 }, { value: 0.25 }]";
    const text = RECIPE.replace("density: 0.5", `density: ${density}`).replace(
      "slack",
      "scope: model, slack",
    );
    writeFileSync(join(folder, "recipe.yaml"), text);
    await expectRefused(folder, ["RECIPE_INVALID", /one density for all tensors.*scope: model/]);
  });

  it.each(["linear", "task_arithmetic"])(
    "%s, with weights that sum to zero under normalize",
    async (method) => {
      const folder = workspace();
      const recipe: RecipeInput = {
        merge_method: method,
        ...(method === "linear" ? {} : { base_model: join(folder, "base") }),
        models: [
          { model: join(folder, "ct"), parameters: { weight: 1 } },
          { model: join(folder, "sft"), parameters: { weight: -1 } },
        ],
        parameters: { normalize: true },
      };
      await expectRefused(folder, ["RECIPE_INVALID", /sum to 0.*normalize: false/], {}, recipe);
    },
  );
});

describe("a checkpoint is refused:", () => {
  const raw = (text: string | Uint8Array, headerLength?: bigint) => (sft: string) =>
    writeRawSafetensors(join(sft, "model.safetensors"), text, 32, headerLength);
  const two = (first: object, second: object) => raw(header({ [NORM]: first, [HEAD]: second }));
  /** Replaces the weights by an index that names one shard. */
  const index = (shard: string) => (sft: string) => {
    rmSync(join(sft, "model.safetensors"));
    writeJson(join(sft, "model.safetensors.index.json"), { metadata: {}, weight_map: { [HEAD]: shard } });
  };
  const tensors = (changed: Readonly<Record<string, TensorData>>) => (sft: string) =>
    writeWeights(sft, changed);
  const cases: [what: string, spoil: (sft: string) => void, ...expected: Expected][] = [
    [
      "truncated",
      (sft) => truncateSync(join(sft, "model.safetensors"), 150),
      "CHECKPOINT_INVALID",
      /sft\/model\.safetensors/,
    ],
    [
      "header beyond the file",
      raw("{}", 1n << 20n),
      "CHECKPOINT_INVALID",
      /1048576 bytes.*model\.safetensors/,
    ],
    ["overlapping offsets", two(entry(0, 16), entry(8, 32)), "CHECKPOINT_INVALID", /lm_head\.weight/],
    ["gapped offsets", two(entry(0, 8), entry(16, 32)), "CHECKPOINT_INVALID", /lm_head\.weight/],
    [
      "size other than shape x dtype",
      two(entry(0, 16, [5], "F32"), entry(16, 32)),
      "CHECKPOINT_INVALID",
      /norm/,
    ],
    [
      "shape that overflows",
      two(entry(0, 16, [2 ** 40, 2 ** 40], "F32"), entry(16, 32)),
      "CHECKPOINT_INVALID",
      /model\.norm\.weight/,
    ],
    [
      "name twice",
      raw(`{"twin":${JSON.stringify(entry(0, 16))},"twin":${JSON.stringify(entry(16, 32))}}`),
      "CHECKPOINT_INVALID",
      /twin/,
    ],
    ["invalid UTF-8", raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), "CHECKPOINT_INVALID", /UTF-8/],
    ["invalid JSON", raw("{nonsense"), "CHECKPOINT_INVALID", /JSON/],
    ["shard outside the folder", index("../ct/model.safetensors"), "CHECKPOINT_INVALID", /\.\.\/ct\/model/],
    ["absent shard", index("model-1.safetensors"), "CHECKPOINT_INVALID", /model-1\.safetensors/],
    ["float64", two(entry(0, 16, [2], "F64"), entry(16, 32, [4], "F32")), "DTYPE_UNSUPPORTED", /F64/],
    ["quantised", raw(header({ "a.qweight": entry(0, 32, [8], "I32") })), "DTYPE_UNSUPPORTED", /a\.qweight/],
    [
      "other names, all listed",
      tensors({
        [NORM]: TENSORS[NORM] as TensorData,
        "extra.one": f32([1], [1]),
        "extra.two": f32([1], [1]),
      }),
      "MODELS_MISMATCH",
      /sft.*missing \(lm_head\.weight\).*\(extra\.one, extra\.two\)/,
    ],
    [
      "other shapes, all listed",
      tensors({ [NORM]: f32([4], [1, 2, 3, 4]), [HEAD]: f32([2], [1, 2]) }),
      "MODELS_MISMATCH",
      /model\.norm\.weight \[4\] instead of \[2, 2\].*lm_head\.weight \[2\] instead of \[3\]/,
    ],
    [
      "NaN",
      tensors({ ...TENSORS, [HEAD]: f32([3], [1, Number.NaN, 0]) }),
      "NOT_FINITE",
      /lm_head\.weight, but element 1 in .*sft/,
    ],
    [
      "Inf",
      tensors({ ...TENSORS, [NORM]: f32([2, 2], [1, 2, Number.NEGATIVE_INFINITY, 0]) }),
      "NOT_FINITE",
      /model\.norm\.weight, but element 2 in .*sft/,
    ],
    [
      "floats where the others have integers",
      tensors({ ...TENSORS, [HEAD]: { dtype: "I32", shape: [3], data: new Uint8Array(12) } }),
      "MODELS_MISMATCH",
      /lm_head\.weight.*F32, I32/,
    ],
  ];
  it.each(cases)("%s", async (_, spoil, code, culprit) => {
    const folder = workspace();
    spoil(join(folder, "sft"));
    await expectRefused(folder, [code, culprit]);
  });

  it("a NaN of the base, which it is blamed for", async () => {
    const folder = workspace();
    writeWeights(join(folder, "base"), { ...TENSORS, [HEAD]: f32([3], [0, 0, Number.NaN]) });
    await expectRefused(folder, ["NOT_FINITE", /lm_head\.weight, but element 2 in .*\/base\//]);
  });

  it("integers that differ", async () => {
    const folder = workspace();
    for (const [i, model] of ["base", "ct", "sft"].entries())
      writeWeights(join(folder, model), { ...TENSORS, positions: i64([1n, i === 2 ? 7n : 2n]) });
    await expectRefused(folder, ["MODELS_MISMATCH", /I64 tensor positions.*sft differs from base/]);
  });

  it("every problem of several checkpoints at once", async () => {
    const folder = workspace();
    writeWeights(join(folder, "ct"), { [NORM]: TENSORS[NORM] as TensorData });
    writeWeights(join(folder, "sft"), { ...TENSORS, more: f32([1], [1]) });
    await expectRefused(folder, ["MODELS_MISMATCH", /^2 problems: .*ct.*lm_head.*; .*sft.*more/]);
  });

  it("a result that overflows the output's format", async () => {
    const folder = workspace();
    writeWeights(join(folder, "sft"), { ...TENSORS, [HEAD]: f32([3], [1, 1e5, 0]) });
    writeFileSync(join(folder, "recipe.yaml"), `${RECIPE}out_dtype: float16\n`);
    await expectRefused(folder, ["OVERFLOW", /lm_head\.weight.*F16.*element 1/]);
  });
});
