/** In which format a merge is written, and which options go with it. */
import { TiesmithError } from "../errors.ts";
import { checkGgufType } from "./layout.ts";

/** What a merge writes: a model folder, or one file. */
export type OutputFormat = "safetensors" | "gguf";

/** Options as a caller gave them. */
export interface FormatOptions {
  readonly format?: string | undefined;
  readonly type?: string | undefined;
  readonly maxShardBytes?: number | undefined;
  readonly languages?: readonly string[] | undefined;
}

/**
 * A GGUF file has no shards and no model card, and only it has a type.
 * @throws {TiesmithError} `USAGE` naming the option
 */
export function checkFormat(options: FormatOptions): OutputFormat {
  const { format = "safetensors", type, maxShardBytes, languages = [] } = options;
  if (format === "safetensors") {
    if (type === undefined) return format;
    refuse("type", "the format gguf (a folder's dtype is the recipe's)", `${type} for a model folder`);
  }
  if (format !== "gguf") refuse("format", "safetensors or gguf", format);
  if (type !== undefined) checkGgufType(type);
  if (maxShardBytes !== undefined)
    refuse("maxShardBytes", "a model folder", "a GGUF file, which is always one");
  if (languages.length > 0) refuse("languages", "a model folder", "a GGUF file, which has no model card");
  return format;
}

function refuse(option: string, expected: string, received: string): never {
  throw new TiesmithError("USAGE", `Expected ${expected} for ${option}, but received ${received}`, {
    option,
  });
}
