/** Added tokens, the ids of the special ones, and what is put around a text. */
import { join } from "node:path";
import { isJsonObject, type JsonObject, readJsonObject } from "../checkpoint/json-file.ts";

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** Tokens that files beside the vocabulary add to it, each once. */
export function addedTokensOf(folder: string, settings: JsonObject, json: JsonObject | null): AddedToken[] {
  const file =
    readJsonObject(join(folder, "added_tokens.json"), { what: "added tokens", uniqueDepth: 0 }) ?? {};
  const decoder = isJsonObject(settings.added_tokens_decoder) ? settings.added_tokens_decoder : {};
  const listed = Array.isArray(json?.added_tokens) ? json.added_tokens : [];
  const found = [
    ...Object.entries(file).map(([content, id]) => ({ content, id, special: false })),
    ...listed,
    ...Object.entries(decoder).map(([id, token]) => ({
      ...(isJsonObject(token) ? token : {}),
      id: Number(id),
    })),
  ];
  const byId = new Map<number, AddedToken>();
  for (const token of found) {
    if (!isJsonObject(token) || typeof token.content !== "string" || !Number.isSafeInteger(token.id))
      continue;
    byId.set(token.id as number, {
      id: token.id as number,
      content: token.content,
      special: token.special === true,
    });
  }
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

export interface SpecialIds {
  /** By GGUF's name: bos, eos, unknown, padding. */
  readonly ids: ReadonlyMap<string, number>;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
}

const NAMES = { bos: "bos_token", eos: "eos_token", unknown: "unk_token", padding: "pad_token" } as const;

/** By tokenizer_config.json and special_tokens_map.json, then by the ids of config.json. */
export function specialIds(
  folder: string,
  files: { readonly settings: JsonObject; readonly json: JsonObject | null; readonly config: JsonObject },
  tokens: readonly string[],
): SpecialIds {
  const { settings, json, config } = files;
  const map =
    readJsonObject(join(folder, "special_tokens_map.json"), { what: "a config", uniqueDepth: 0 }) ?? {};
  const ids = new Map<string, number>();
  for (const [name, key] of Object.entries(NAMES)) {
    const token = contentOf(settings[key]) ?? contentOf(map[key]);
    const numbered = config[`${key}_id`];
    const listed = Array.isArray(numbered) ? numbered[0] : numbered;
    const id = token === undefined ? listed : tokens.indexOf(token);
    if (Number.isSafeInteger(id) && (id as number) >= 0) ids.set(name, id as number);
  }
  const template = postProcessed(json);
  const flag = (value: unknown, otherwise: boolean) => (typeof value === "boolean" ? value : otherwise);
  return {
    ids,
    // Older Llama folders say neither: their tokenizer class adds it.
    addsBos: flag(
      settings.add_bos_token,
      template?.first ?? /Llama|Gemma/.test(String(settings.tokenizer_class)),
    ),
    addsEos: flag(settings.add_eos_token, template?.last ?? false),
  };
}

/** Whether tokenizer.json puts a special token before and after a text; null if it does not say. */
function postProcessed(json: JsonObject | null): { first: boolean; last: boolean } | null {
  if (json === null) return null;
  const processor = json.post_processor;
  const steps =
    isJsonObject(processor) && Array.isArray(processor.processors) ? processor.processors : [processor];
  const single = steps.filter(isJsonObject).find((step) => step.type === "TemplateProcessing")?.single;
  if (!Array.isArray(single)) return { first: false, last: false };
  const isSpecial = (part: unknown) => isJsonObject(part) && "SpecialToken" in part;
  return { first: isSpecial(single[0]), last: isSpecial(single.at(-1)) };
}

function contentOf(token: unknown): string | undefined {
  const content = isJsonObject(token) ? token.content : token;
  return typeof content === "string" ? content : undefined;
}
