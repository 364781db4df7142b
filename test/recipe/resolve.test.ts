import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerIndex, layerPosition, resolveParameter } from "../../src/recipe/recipe.ts";
import { fromObject } from "./refusals.ts";
import { specOf, TIES } from "./schemas.ts";

const at = (position: number, name = "model.layers.0.mlp.up_proj.weight") => ({ name, position });
const DENSITY = specOf(TIES, "density");

/** Density and normalize settings of a TIES recipe with two models. */
function recipe(own: unknown, top?: unknown, normalize?: unknown) {
  return fromObject({
    merge_method: "ties",
    base_model: "base",
    models: [
      { model: "ct", parameters: { weight: 1, ...(own !== undefined && { density: own }) } },
      { model: "sft", parameters: { weight: [{ filter: "mlp", value: 2 }] } },
    ],
    parameters: { ...(top !== undefined && { density: top }), ...(normalize !== undefined && { normalize }) },
  });
}

const densityAt = (own: unknown, top: unknown, tensor: ReturnType<typeof at>) =>
  resolveParameter(recipe(own, top), DENSITY, 0, tensor);

describe("layerPosition", () => {
  it.each([
    ["model.layers.0.mlp.up_proj.weight", 0],
    ["model.layers.2.self_attn.q_proj.weight", 0.5],
    ["model.layers.4.input_layernorm.weight", 1],
    ["transformer.h.4.attn.c_attn.weight", 1],
    ["h.2.mlp.c_fc.weight", 0.5],
    ["transformer.blocks.1.ffn.up_proj.weight", 0.25],
    ["encoder.layer.3.output.dense.weight", 0.75],
    ["encoder.block.2.layer.1.DenseReluDense.wi.weight", 0.5],
    ["model.layers.1.block_sparse_moe.experts.4.w1.weight", 0.25],
    ["model.layers.99.mlp.weight", 1],
    ["model.embed_tokens.weight", 0],
    ["model.norm.weight", 0],
    ["lm_head.weight", 0],
    ["model.sublayers.4.weight", 0],
  ])("places %s at %d of five layers", (name, position) => {
    expect(layerPosition(name, 5)).toBe(position);
  });

  it("is 1 for the layer of a single-layer model, and 0 outside it", () => {
    expect(layerPosition("model.layers.0.mlp.weight", 1)).toBe(1);
    expect(layerPosition("lm_head.weight", 1)).toBe(0);
    expect(layerPosition("model.layers.0.mlp.weight", 0)).toBe(1);
  });

  it("tells the layer's number", () => {
    expect(layerIndex("model.layers.12.mlp.weight")).toBe(12);
    expect(layerIndex("lm_head.weight")).toBeNull();
  });
});

describe("precedence", () => {
  it("is the model's own, then the top level, then the default", () => {
    expect(densityAt(0.2, 0.5, at(0))).toBe(0.2);
    expect(densityAt(undefined, 0.5, at(0))).toBe(0.5);
    expect(densityAt(undefined, undefined, at(0))).toBe(1);
  });

  it("falls through to the next level where no filter matches", () => {
    const own = [{ filter: "self_attn", value: 0.2 }];
    const top = [{ filter: "mlp", value: 0.5 }];
    expect(densityAt(own, top, at(0, "layers.0.self_attn.q"))).toBe(0.2);
    expect(densityAt(own, top, at(0, "layers.0.mlp.up"))).toBe(0.5);
    expect(densityAt(own, top, at(0, "lm_head.weight"))).toBe(1);
  });

  it("takes the first filter that matches", () => {
    const own = [
      { filter: "mlp", value: 0.1 },
      { filter: "up_proj", value: 0.2 },
      { filter: "*", value: 0.3 },
    ];
    expect(densityAt(own, undefined, at(0, "layers.0.mlp.up_proj"))).toBe(0.1);
    expect(densityAt(own, undefined, at(0, "layers.0.up_proj"))).toBe(0.2);
    expect(densityAt(own, undefined, at(0, "norm"))).toBe(0.3);
  });

  it("takes filters as plain parts of names, not as patterns", () => {
    expect(densityAt([{ filter: "m.p", value: 0.1 }], undefined, at(0, "mlp"))).toBe(1);
  });

  it("gives undefined for a required parameter that no filter grants", () => {
    const weight = specOf(TIES, "weight");
    expect(resolveParameter(recipe(undefined), weight, 1, at(0, "mlp"))).toBe(2);
    expect(resolveParameter(recipe(undefined), weight, 1, at(0, "norm"))).toBeUndefined();
  });

  it("asks only the top level for global parameters and without a model", () => {
    const spec = specOf(TIES, "normalize");
    expect(resolveParameter(recipe(0.2, 0.5, false), spec, 0, at(0))).toBe(false);
    expect(resolveParameter(recipe(0.2, 0.5, false), DENSITY, null, at(0))).toBe(0.5);
    expect(resolveParameter(recipe(0.2), spec, null, at(0))).toBe(true);
  });
});

describe("a gradient", () => {
  it.each([
    [[0.3, 1.0], 0, 0.3],
    [[0.3, 1.0], 1, 1.0],
    [[0, 1], 0.25, 0.25],
    [[0, 1, 0.5], 0.25, 0.5],
    [[0, 1, 0.5], 0.5, 1],
    [[0, 1, 0.5], 0.75, 0.75],
    [[0.7], 0.4, 0.7],
  ])("of %j is at %d %d", (gradient, position, value) => {
    expect(densityAt(gradient, undefined, at(position))).toBeCloseTo(value, 15);
  });

  it("inside a filter uses the same position", () => {
    const own = [{ filter: "mlp", value: [0.2, 0.9] }, { value: 0.5 }];
    expect(densityAt(own, undefined, at(1))).toBe(0.9);
    expect(densityAt(own, undefined, at(1, "layers.3.self_attn"))).toBe(0.5);
  });

  it("never leaves its neighbours, and hits its numbers exactly", () => {
    const gradients = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(gradients, fc.double({ min: 0, max: 1, noNaN: true }), (gradient, position) => {
        const value = densityAt(gradient, undefined, at(position)) as number;
        const scaled = position * (gradient.length - 1);
        const neighbours = [gradient[Math.floor(scaled)], gradient[Math.ceil(scaled)]] as number[];
        expect(value).toBeGreaterThanOrEqual(Math.min(...neighbours));
        expect(value).toBeLessThanOrEqual(Math.max(...neighbours));
      }),
    );
  });
});
