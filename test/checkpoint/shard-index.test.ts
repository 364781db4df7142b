import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { INDEX_FILE, readShardIndex } from "../../src/checkpoint/shard-index.ts";
import { refusal, temporaryFolder, writeJson } from "./safetensors-builder.ts";

function folderWithIndex(index: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, INDEX_FILE), index);
  return folder;
}

it("lists each shard once and says where each tensor is", () => {
  const folder = temporaryFolder();
  const weightMap = { a: "m-2.safetensors", b: "m-1.safetensors", c: "m-2.safetensors" };
  writeJson(join(folder, INDEX_FILE), { metadata: { total_size: 3 }, weight_map: weightMap });
  const index = readShardIndex(folder);
  expect(index?.shardNames).toEqual(["m-1.safetensors", "m-2.safetensors"]);
  expect(Object.fromEntries(index?.weightMap ?? [])).toEqual(weightMap);
});

it("is null where there is no index", () => {
  expect(readShardIndex(temporaryFolder())).toBeNull();
});

it("may hold names with dots that lead nowhere", () => {
  const folder = folderWithIndex('{"weight_map":{"a":"m..1.safetensors"}}');
  expect(readShardIndex(folder)?.shardNames).toEqual(["m..1.safetensors"]);
});

describe("a shard name is refused when it", () => {
  it.each([
    ["climbs out of the folder", "../other/model.safetensors"],
    ["climbs out further in", "a/../../model.safetensors"],
    ["is absolute", "/etc/model.safetensors"],
    ["leads into a subfolder", "sub/model.safetensors"],
    ["climbs in Windows' way", "..\\model.safetensors"],
    ["names a drive", "C:model.safetensors"],
    ["holds a NUL", "model\0.safetensors"],
    ["is the folder above", ".."],
    ["is the folder itself", "."],
    ["is empty", ""],
    ["is no safetensors file", "pytorch_model.bin"],
  ])("%s", (_, shard) => {
    const folder = folderWithIndex(JSON.stringify({ weight_map: { "model.norm.weight": shard } }));
    const error = refusal(() => readShardIndex(folder));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toContain('"model.norm.weight"');
    expect(error.message).toContain(JSON.stringify(shard));
  });
  it("is a number", () => {
    const folder = folderWithIndex('{"weight_map":{"a":1}}');
    expect(refusal(() => readShardIndex(folder)).message).toContain("found 1");
  });
});

describe("the index is refused when", () => {
  it.each([
    ["it is not JSON", "{", "does not parse"],
    ["it is an array", "[]", "another kind of value"],
    ["it has no weight_map", "{}", "weight_map"],
    ["its weight_map is a list", '{"weight_map":["a"]}', "weight_map"],
    ["its weight_map is empty", '{"weight_map":{}}', "weight_map"],
    [
      "it lists a tensor twice",
      '{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}',
      '"a" occurs twice',
    ],
    [
      "it has two weight_maps",
      '{"weight_map":{"a":"1.safetensors"},"weight_map":{}}',
      '"weight_map" occurs twice',
    ],
  ])("%s", (_, text, message) => {
    const error = refusal(() => readShardIndex(folderWithIndex(text)));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toContain(message);
    expect(error.message).toContain(INDEX_FILE);
  });
  it("it is not UTF-8", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, INDEX_FILE), Buffer.from([0x7b, 0xff, 0x7d]));
    expect(refusal(() => readShardIndex(folder)).message).toContain("UTF-8");
  });
});
