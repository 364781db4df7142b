/** A checkpoint that breaks a rule is refused by `merge`, by its name, without a trace of an output. */

import { readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entry, header, writeJson, writeRawSafetensors } from "../checkpoint/safetensors-builder.ts";
import { BASE, workspace, writeModel } from "./command-line.ts";
import { refusedMerge } from "./refused-merge.ts";

describe("a checkpoint", () => {
  const file = (folder: string) => join(folder, "sft", "model.safetensors");
  /** Writes the header and 32 bytes as the weights of sft. */
  const raw = (text: string | Uint8Array, headerLength?: bigint) => (folder: string) =>
    writeRawSafetensors(file(folder), text, 32, headerLength);
  const two = (first: object, second: object) =>
    raw(header({ "model.norm.weight": first, "lm_head.weight": second }));
  const cases: [what: string, spoil: (folder: string) => void, culprit: RegExp][] = [
    [
      "that is truncated",
      (folder) => truncateSync(file(folder), readFileSync(file(folder)).length - 4),
      /sft.*model\.safetensors/,
    ],
    ["with a header beyond the file", raw("{}", 4096n), /4096 bytes in .*model\.safetensors/],
    ["with overlapping tensors", two(entry(0, 16), entry(8, 32)), /lm_head\.weight/],
    ["with a gap between tensors", two(entry(0, 8), entry(16, 32)), /lm_head\.weight/],
    [
      "with a tensor of another size than its shape",
      two(entry(0, 16, [4], "F64"), entry(16, 32)),
      /model\.norm\.weight/,
    ],
    [
      "with a shape that overflows",
      two(entry(0, 16, [2 ** 40, 2 ** 40], "F32"), entry(16, 32)),
      /model\.norm\.weight/,
    ],
    [
      "with a name twice",
      raw(`{"a":${JSON.stringify(entry(0, 16))},"a":${JSON.stringify(entry(16, 32))}}`),
      /"?a"?/,
    ],
    ["with a header that is no UTF-8", raw(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), /UTF-8/],
    ["with a header that is no JSON", raw("{nonsense"), /JSON/],
    [
      "stored in float64",
      (folder) =>
        writeRawSafetensors(
          file(folder),
          header({
            "model.norm.weight": entry(0, 32, [4], "F64"),
            "lm_head.weight": entry(32, 64, [4], "F64"),
          }),
          64,
        ),
      /F64/,
    ],
    [
      "that is quantised",
      (folder) => {
        raw(header({ "lm_head.qweight": entry(0, 32, [8], "I32") }))(folder);
        writeJson(join(folder, "sft", "config.json"), {
          quantization_config: { quant_method: "gptq", bits: 4 },
        });
      },
      /lm_head\.qweight.*gptq 4-bit/,
    ],
    [
      "with tensors that the others lack",
      (folder) => writeModel(join(folder, "sft"), { ...BASE, "extra.one": [1], "extra.two": [2] }),
      /extra\.one.*extra\.two/,
    ],
    [
      "without tensors that the others have",
      (folder) => writeModel(join(folder, "sft"), {}),
      /lm_head\.weight.*model\.norm\.weight|model\.norm\.weight.*lm_head\.weight/,
    ],
    [
      "with other shapes",
      (folder) => writeModel(join(folder, "sft"), { "model.norm.weight": [1, 2, 3], "lm_head.weight": [1] }),
      /lm_head\.weight.*model\.norm\.weight|model\.norm\.weight.*lm_head\.weight/,
    ],
    [
      "with NaN",
      (folder) => writeModel(join(folder, "sft"), { ...BASE, "lm_head.weight": [0, 1, Number.NaN, 2] }),
      /NaN.*lm_head\.weight|lm_head\.weight.*NaN/,
    ],
    [
      "with Inf",
      (folder) =>
        writeModel(join(folder, "sft"), { ...BASE, "lm_head.weight": [0, Number.POSITIVE_INFINITY, 1, 2] }),
      /lm_head\.weight/,
    ],
    [
      "whose index leaves the folder",
      (folder) => index(folder, "../base/model.safetensors"),
      /\.\.\/base\/model\.safetensors/,
    ],
    [
      "whose index lists an absent shard",
      (folder) => index(folder, "model-00001-of-00001.safetensors"),
      /model-00001-of-00001\.safetensors/,
    ],
  ];
  /** Replaces the weights of sft by an index. */
  function index(folder: string, shard: string): void {
    const sft = join(folder, "sft");
    rmSync(join(sft, "model.safetensors"));
    writeJson(join(sft, "model.safetensors.index.json"), {
      metadata: {},
      weight_map: { "lm_head.weight": shard },
    });
  }
  it.each(cases)("%s", (_, spoil, culprit) => {
    const folder = workspace();
    spoil(folder);
    expect(refusedMerge(folder)).toMatch(culprit);
  });
});
