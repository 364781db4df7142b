/** How values that an output's format does not hold are stored. */

import { join } from "node:path";
import type { RecipeInput } from "tiesmith";
import { describe, expect, it } from "vitest";
import { f32 } from "../checkpoint/safetensors-builder.ts";
import { narrow, widen } from "./float-formats.ts";
import { mergeModels } from "./merged-models.ts";

/** TIES of two models, stored as asked. */
const storedAs =
  (dtype: string) =>
  (folder: string): RecipeInput => ({
    merge_method: "ties",
    base_model: join(folder, "base"),
    models: ["m0", "m1"].map((model) => ({ model: join(folder, model), parameters: { weight: 1 } })),
    out_dtype: dtype,
  });

it("values beyond the format are clamped and counted where that is asked for", async () => {
  const model = (value: number) => ({ w: f32([2], [value, 1]) });
  const models = [model(1e6), model(3e6)];
  const { result, tensors } = await mergeModels(model(0), models, storedAs("float16"), { saturate: true });
  expect(result.saturated).toBe(1);
  expect(tensors.w?.data).toEqual(narrow("F16", Float32Array.of(65504, 1)));
});

describe("values in between are rounded to the nearest, ties to even:", () => {
  const cases = [
    [
      "bfloat16",
      "BF16",
      [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, -(2 ** -134)],
      [1, 1 + 2 ** -6, 1 + 2 ** -7, -0],
    ],
    [
      "float16",
      "F16",
      [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 2 ** -25, 3 * 2 ** -26],
      [1, 1 + 2 ** -9, 65504, 0, 2 ** -24],
    ],
  ] as const;
  it.each(cases)("%s", async (name, dtype, values, expected) => {
    const model = { w: f32([values.length], values) };
    const { tensors } = await mergeModels(model, [model, model], storedAs(name));
    expect([...widen(dtype, tensors.w?.data as Uint8Array)]).toEqual(expected);
  });
});
