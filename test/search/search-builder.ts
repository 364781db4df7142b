// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what recipes hold
/** Searches for tests: specs on the small languages with few rows. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { newFolder } from "../evaluate/task-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";

export const model = (name: string) => join(TINYLANG, "models", name);
export const task = (name: string, language = "X") =>
  `${join(TINYLANG, "tasks", `${name}.yaml`)}:${language}`;

/** TIES of CT-X and SFT, the density of CT a variable. */
export const TIES = {
  merge_method: "ties",
  base_model: model("base"),
  models: [
    { model: model("ct-x"), parameters: { weight: 1, density: "${k_ct}" } },
    { model: model("sft"), parameters: { weight: 1, density: 0.8 } },
  ],
  parameters: { lambda: "${lambda}" },
};

export const WAVG = {
  merge_method: "linear",
  models: [
    { model: model("ct-x"), parameters: { weight: "${w}" } },
    { model: model("sft"), parameters: { weight: 1 } },
  ],
};

/** Four points of TIES on a few dev rows, without a test. */
export const SMALL = {
  methods: { ties: { recipe: TIES } },
  space: { k_ct: [0.2, 1], lambda: [1, 1.5] },
  tasks: [task("rate")],
  data: join(TINYLANG, "data"),
  rows: 4,
  final: false,
};

/** Writes a spec, and files beside it, into a new folder; the text wins over the object. */
export function writeSpec(
  content: object | string,
  files: Readonly<Record<string, string | object>> = {},
): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), typeof text === "string" ? text : stringify(text));
  }
  const path = join(folder, "search.yaml");
  writeFileSync(path, typeof content === "string" ? content : stringify(content));
  return path;
}
