/** Parquet as the hub has it: compressed, with 64-bit integers and lists. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, it } from "vitest";
import { readRows } from "../../src/evaluate/read-rows.ts";
import { newFolder, taskOf } from "./task-builder.ts";

it.each(["SNAPPY", "UNCOMPRESSED"] as const)(
  "rows are read from %s pages; whole numbers become numbers",
  async (codec) => {
    const path = join(newFolder(), "rows.parquet");
    const columnData = [
      { name: "text", data: ["ཀ་ཁ།", "ᠮᠣᠩᠭᠣᠯ"], type: "STRING" as const },
      { name: "number", data: [1n, 2n], type: "INT64" as const },
    ];
    writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData, codec })));
    const data = {
      ...taskOf().task.data,
      format: "parquet" as const,
      fields: { text: "text", number: "number" },
    };
    expect((await readRows(path, data)).map(({ fields }) => fields)).toEqual([
      { text: "ཀ་ཁ།", number: 1 },
      { text: "ᠮᠣᠩᠭᠣᠯ", number: 2 },
    ]);
  },
);
