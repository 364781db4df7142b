import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readShardFile } from "../../src/checkpoint/header.ts";
import {
  entry,
  f32,
  header,
  headerOf,
  refusal,
  refused,
  temporaryFolder,
  withoutRights,
  writeRawSafetensors,
  writeSafetensors,
  zeros,
} from "./safetensors-builder.ts";

const fileIn = (folder: string): string => join(folder, "model.safetensors");

describe("a correct file", () => {
  it("gives tensors in file order, metadata and the file's identity", () => {
    const path = fileIn(temporaryFolder());
    const tensors = { z: f32([2, 2], [1, 2, 3, 4]), a: zeros("BF16", [3], 6) };
    writeSafetensors(path, tensors, { metadata: { format: "pt" }, paddingBytes: 3 });
    const shard = readShardFile(path);
    const dataStart = 8 + headerOf(tensors, { metadata: { format: "pt" }, paddingBytes: 3 }).length;
    expect(shard.tensors).toEqual([
      { name: "z", dtype: "F32", shape: [2, 2], elementCount: 4, byteOffset: dataStart, byteLength: 16 },
      { name: "a", dtype: "BF16", shape: [3], elementCount: 3, byteOffset: dataStart + 16, byteLength: 6 },
    ]);
    const stats = statSync(path, { bigint: true });
    expect(shard).toMatchObject({
      path,
      byteSize: dataStart + 22,
      modifiedNs: `${stats.mtimeNs}`,
      device: `${stats.dev}`,
      inode: `${stats.ino}`,
      metadata: { format: "pt" },
    });
    const headerBytes = readFileSync(path).subarray(0, dataStart);
    expect(shard.headerHash).toBe(createHash("sha256").update(headerBytes).digest("hex"));
  });

  it("may hold scalars, tensors without elements, odd offsets and every format of whole bytes", () => {
    const path = fileIn(temporaryFolder());
    const formats = {
      F64: 8,
      F32: 4,
      F16: 2,
      BF16: 2,
      F8_E4M3: 1,
      F8_E5M2: 1,
      I64: 8,
      I32: 4,
      I16: 2,
      I8: 1,
      U64: 8,
      U32: 4,
      U16: 2,
      U8: 1,
      BOOL: 1,
    };
    writeSafetensors(
      path,
      {
        odd: zeros("U8", [3], 3),
        scalar: zeros("F32", [], 4),
        "empty at 7": zeros("F16", [0, 5], 0),
        "also empty at 7": zeros("I64", [2, 0], 0),
        ...Object.fromEntries(
          Object.entries(formats).map(([dtype, bytes]) => [dtype, zeros(dtype, [2], 2 * bytes)]),
        ),
      },
      { paddingBytes: 1 },
    );
    const { tensors } = readShardFile(path);
    expect(tensors).toHaveLength(19);
    expect(tensors.find(({ name }) => name === "scalar")).toMatchObject({
      shape: [],
      elementCount: 1,
      byteLength: 4,
    });
    expect(tensors.find(({ name }) => name === "empty at 7")).toMatchObject({
      elementCount: 0,
      byteLength: 0,
    });
  });

  it("may hold no tensor at all", () => {
    const path = fileIn(temporaryFolder());
    writeRawSafetensors(path, "{}");
    expect(readShardFile(path).tensors).toEqual([]);
  });

  it("may name tensors like the properties of every object, with escapes and beyond ASCII", () => {
    const path = fileIn(temporaryFolder());
    writeRawSafetensors(
      path,
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a\\"b\\\\":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"வணக்கம்":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}',
      2,
    );
    expect(readShardFile(path).tensors.map(({ name }) => name)).toEqual(["__proto__", 'a"b\\', "வணக்கம்"]);
  });

  it("may be larger than 4 GiB and is read without touching the data", () => {
    const path = fileIn(temporaryFolder());
    const bytes = 5 * 2 ** 30;
    writeRawSafetensors(path, header({ big: entry(0, bytes), last: entry(bytes, bytes + 2, [1], "BF16") }));
    const dataStart = statSync(path).size;
    truncateSync(path, dataStart + bytes + 2);
    expect(readShardFile(path).tensors[1]).toMatchObject({ byteOffset: dataStart + bytes, byteLength: 2 });
  });

  it("may be a link, as in the hub cache", () => {
    const folder = temporaryFolder();
    writeSafetensors(join(folder, "blob"), { a: zeros("U8", [1], 1) });
    symlinkSync("blob", fileIn(folder));
    expect(readShardFile(fileIn(folder)).tensors).toHaveLength(1);
  });
});

describe("the length of the header is refused when", () => {
  it("the file is too short to hold it", () => {
    const path = fileIn(temporaryFolder());
    writeFileSync(path, "short");
    expect(refusal(() => readShardFile(path)).message).toMatch(
      /at least 8 bytes.*ends after 5.*download it again/,
    );
  });
  it("the file is empty", () => {
    const path = fileIn(temporaryFolder());
    writeFileSync(path, "");
    expect(refusal(() => readShardFile(path)).code).toBe("CHECKPOINT_INVALID");
  });
  it("it goes beyond the file", () => {
    expect(refused("{}", 0, 3n)).toMatch(/header of 3 bytes.*ends after 10.*truncated/);
  });
  it("it exceeds 100 MB, even where a double would round it", () => {
    expect(refused("{}", 0, 100_000_001n)).toMatch(/at most 100000000 bytes/);
    expect(refused("{}", 0, 2n ** 64n - 1n)).toMatch(/18446744073709551615/);
  });
  it("it is zero", () => {
    expect(refused("", 4)).toMatch(/empty header/);
  });
  it("the file is a Git LFS pointer", () => {
    const path = fileIn(temporaryFolder());
    writeFileSync(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    expect(refusal(() => readShardFile(path)).message).toContain("git lfs pull");
  });
});

describe("the text of the header is refused when", () => {
  it.each([
    [
      "it is not UTF-8",
      Buffer.concat([Buffer.from('{"'), Buffer.from([0xff]), Buffer.from('":1}')]),
      /UTF-8/,
    ],
    [
      "it spells a character too long",
      Buffer.concat([Buffer.from('{"'), Buffer.from([0xc0, 0xaf]), Buffer.from('":1}')]),
      /UTF-8/,
    ],
    ["it starts with a byte order mark", Buffer.from("\ufeff{}"), /starts with \{/],
    ["it starts with a space", Buffer.from(" {}"), /starts with \{/],
    ["it is not JSON", Buffer.from('{"a":}'), /does not parse/],
    ["it is cut off", Buffer.from('{"a":{"dtype":"U8"'), /does not parse/],
    ["it is followed by more JSON", Buffer.from("{}{}"), /does not parse/],
    ["it ends in NUL bytes", Buffer.from("{}\0\0"), /does not parse/],
    ["it is an array", Buffer.from("[]"), /starts with \{/],
  ])("%s", (_, bytes, message) => {
    expect(refused(bytes)).toMatch(message);
  });
});

describe("a name that occurs twice is refused", () => {
  const one = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
  it.each([
    ["as a tensor", `{"a":${one},"a":${one}}`, '"a" occurs twice'],
    ["as a tensor spelt with an escape", `{"a":${one},"\\u0061":${one}}`, '"a" occurs twice'],
    [
      "as a tensor that holds quotes and backslashes",
      `{"a\\\\\\"":${one},"a\\\\\\"":${one}}`,
      "occurs twice",
    ],
    [
      "inside an entry",
      '{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      '"dtype" occurs twice',
    ],
    ["with spaces before the colon", `{"a":${one},"a" \n:${one}}`, '"a" occurs twice'],
    ["as metadata", `{"__metadata__":{},"__metadata__":{},"a":${one}}`, '"__metadata__" occurs twice'],
    ["inside metadata", `{"__metadata__":{"k":"1","k":"2"},"a":${one}}`, '"k" occurs twice'],
  ])("%s", (_, text, message) => {
    expect(refused(text, 1)).toContain(message);
  });

  it("but the same key in two entries, or as a value, is not a repetition", () => {
    const path = fileIn(temporaryFolder());
    writeRawSafetensors(
      path,
      header({ __metadata__: { a: "a", b: '"a":' }, dtype: entry(0, 1), shape: entry(1, 2) }),
      2,
    );
    expect(readShardFile(path).tensors).toHaveLength(2);
  });
});

describe("a path is refused when", () => {
  it("nothing is there", () => {
    const error = refusal(() => readShardFile(join(temporaryFolder(), "absent.safetensors")));
    expect(error.message).toMatch(/absent\.safetensors, but found nothing/);
  });
  it("it is a link to nothing", () => {
    const path = fileIn(temporaryFolder());
    symlinkSync("../blobs/gone", path);
    expect(refusal(() => readShardFile(path)).message).toContain(
      "a link to ../blobs/gone, which does not exist",
    );
  });
  it("it is a folder", () => {
    const path = fileIn(temporaryFolder());
    mkdirSync(path);
    expect(refusal(() => readShardFile(path)).message).toContain("not a file");
  });
  it("the system forbids it", () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    writeSafetensors(fileIn(folder), { a: zeros("U8", [1], 1) });
    chmodSync(fileIn(folder), 0o000);
    const error = withoutRights(() => refusal(() => readShardFile(fileIn(folder))));
    expect(error.code).toBe("NO_PERMISSION");
    expect(error.message).toContain(fileIn(folder));
  });
});
