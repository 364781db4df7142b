/** The output head of a model that shares its weights with the embedding. */

import { TiesmithError } from "../errors.ts";
import { equalContents } from "./equal-contents.ts";
import type { TensorEntry } from "./header.ts";
import { quoted } from "./wording.ts";

const HEAD = /(^|\.)lm_head\.weight$/;
const EMBEDDING = /(^|\.)(embed_tokens|wte|word_embeddings)\.weight$/;

/** A tensor and the file that it lies in. */
export interface LocatedTensor extends TensorEntry {
  readonly path: string;
}

/** The head and the embedding of a model, if it stores both and which is which is clear. */
export function findTiedPair(names: Iterable<string>): { head: string; embedding: string } | null {
  const heads: string[] = [];
  const embeddings: string[] = [];
  for (const name of names) {
    if (HEAD.test(name)) heads.push(name);
    if (EMBEDDING.test(name)) embeddings.push(name);
  }
  const embedding = embeddings.find((name) => name === "model.embed_tokens.weight") ?? onlyOne(embeddings);
  const head = heads.find((name) => name === "lm_head.weight") ?? onlyOne(heads);
  return head === undefined || embedding === undefined ? null : { head, embedding };
}

/**
 * Refuses a head that is not, byte for byte, the embedding it is said to be tied to. Reads both tensors once,
 * 4 MiB of each at a time.
 *
 * @throws CHECKPOINT_INVALID if dtype, shape or bytes differ; NO_PERMISSION; IO_FAILED
 */
export function checkTied(head: LocatedTensor, embedding: LocatedTensor): void {
  const difference = describeDifference(head, embedding);
  if (difference === null) return;
  throw new TiesmithError(
    "CHECKPOINT_INVALID",
    `Expected ${quoted(head.name)} to equal ${quoted(embedding.name)} in ${head.path}, since config.json ties them, but ${difference}; set tie_word_embeddings to false, or remove the head`,
    { path: head.path, tensor: head.name },
  );
}

function describeDifference(head: LocatedTensor, embedding: LocatedTensor): string | null {
  if (head.dtype !== embedding.dtype) return `it is ${head.dtype} and the embedding ${embedding.dtype}`;
  const [headShape, shape] = [head.shape.join(", "), embedding.shape.join(", ")];
  if (headShape !== shape) return `its shape is [${headShape}] and that of the embedding [${shape}]`;
  return equalContents(head, embedding, head.byteLength) ? null : "their values differ";
}

function onlyOne(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}
