import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { f32, folderWith, refusal, type TensorData, zeros } from "./safetensors-builder.ts";

const one = f32([1], [1]);

describe("what cannot be merged is refused by its format:", () => {
  const refused = (tensors: Record<string, TensorData>, config?: unknown): string => {
    const folder = folderWith(tensors, config);
    const error = refusal(() => readCheckpoint(folder));
    expect(error.code).toBe("DTYPE_UNSUPPORTED");
    expect(readCheckpoint(folder, { purpose: "inspect" }).tensors.size).toBe(Object.keys(tensors).length);
    return error.message;
  };
  const quantised = (settings: object): object => ({ quantization_config: settings });
  const packed = { "l.weight": zeros("U8", [8, 1], 8) };

  it.each([
    ["F64", { a: zeros("F64", [1], 8) }, undefined, /"a" is stored as F64; convert it to F32/],
    ["FP8", { a: zeros("F8_E4M3", [1], 1) }, undefined, /FP8 \(F8_E4M3\)/],
    [
      "FP8 by config",
      { a: zeros("F8_E5M2", [1], 1) },
      quantised({ quant_method: "fbgemm_fp8" }),
      /fbgemm_fp8 \(F8_E5M2\)/,
    ],
    [
      "bitsandbytes 4-bit by names",
      { ...packed, "l.weight.absmax": one },
      undefined,
      /"l\.weight\.absmax" is stored as bitsandbytes 4-bit/,
    ],
    [
      "bitsandbytes 4-bit by its state",
      { ...packed, "l.weight.quant_state.bitsandbytes__nf4": zeros("U8", [4], 4) },
      undefined,
      /bitsandbytes 4-bit/,
    ],
    [
      "bitsandbytes 4-bit by config",
      packed,
      quantised({ quant_method: "bitsandbytes", load_in_4bit: true }),
      /"l\.weight" is stored as bitsandbytes 4-bit/,
    ],
    [
      "bitsandbytes 8-bit",
      { "l.weight": zeros("I8", [2], 2), "l.SCB": one },
      undefined,
      /bitsandbytes 8-bit/,
    ],
    ["GPTQ or AWQ by names", { "l.qweight": zeros("I32", [2], 8) }, undefined, /GPTQ or AWQ/],
    [
      "GPTQ by config",
      { "l.qweight": zeros("I32", [2], 8) },
      quantised({ quant_method: "gptq", bits: 4 }),
      /stored as gptq 4-bit/,
    ],
    [
      "AWQ by config",
      { "l.qzeros": zeros("I32", [2], 8) },
      quantised({ quant_method: "awq", bits: 4 }),
      /stored as awq 4-bit/,
    ],
    [
      "a config under text_config",
      packed,
      { text_config: quantised({ quant_method: "eetq" }) },
      /stored as eetq/,
    ],
  ])("%s", (_, tensors, config, message) => {
    expect(refused(tensors, config)).toMatch(message);
  });

  it("but integer buffers are not, nor a quantization_config that outlived its weights", () => {
    expect(
      readCheckpoint(folderWith({ position_ids: zeros("I64", [2], 16), mask: zeros("BOOL", [2], 2) })).tensors
        .size,
    ).toBe(2);
    const { notes } = readCheckpoint(
      folderWith({ "l.weight": one }, quantised({ quant_method: "bitsandbytes" })),
    );
    expect(notes).toEqual([expect.stringContaining("ignored quantization_config")]);
  });
});
