/** The embedded backend: a model folder is written as GGUF, which llama.cpp reads. */
import { mkdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import type { Llama } from "node-llama-cpp";
import { findModel } from "../checkpoint/find-model.ts";
import { exportGguf } from "../gguf/export-gguf.ts";
import type { GgufType } from "../gguf/layout.ts";
import type { Backend, EvaluatedModel, ModelSession } from "./backend.ts";
import { loadLlamaModel, loadLlamaPackage, openLlama } from "./llama-package.ts";
import { LlamaSession, type LlamaSettings } from "./llama-session.ts";
import { modelHash } from "./model-identity.ts";

export interface LlamaOptions {
  /** How weights are stored in the GGUF; default f32, so that rankings are exact. */
  readonly type?: GgufType | undefined;
  /** `F32` (default) is exact; `F16` takes half the memory. */
  readonly keyValueType?: "F32" | "F16" | undefined;
  readonly flashAttention?: boolean | undefined;
  /** Sequences evaluated together; default 4. */
  readonly sequences?: number | undefined;
  readonly threads?: number | undefined;
  /** Where GGUF files lie while they are used. */
  readonly workFolder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A model this small is computed faster by one thread: several spend their time waiting for each other (seen on a
 * loaded 2-core machine with 1M parameters: 0.01 s a prompt with one thread, 2 s with two).
 */
const SINGLE_THREAD_BYTES = 64e6;

export class LlamaBackend implements Backend {
  readonly name = "llama";
  readonly #options: LlamaOptions;
  readonly #llama: Llama;

  private constructor(options: LlamaOptions, llama: Llama) {
    this.#options = options;
    this.#llama = llama;
  }

  /** @throws {TiesmithError} `BACKEND_UNAVAILABLE` if node-llama-cpp is missing */
  static async start(options: LlamaOptions): Promise<LlamaBackend> {
    return new LlamaBackend(options, await openLlama(await loadLlamaPackage()));
  }

  async identify(reference: string): Promise<EvaluatedModel> {
    const path = isGguf(reference) ? resolve(reference) : findModel(reference);
    // Snapshots in the hub's cache are named after their commit.
    const name = path.includes("/snapshots/") ? reference : basename(path, ".gguf");
    return { name, reference: path, hash: modelHash(path) };
  }

  settingsOf(): Readonly<Record<string, unknown>> {
    const { type = "f32", keyValueType = "F32", flashAttention = false } = this.#options;
    return { backend: "llama", type, keyValueType, flashAttention };
  }

  async open({ reference, hash }: EvaluatedModel): Promise<ModelSession> {
    const { type = "f32", workFolder, signal } = this.#options;
    if (isGguf(reference)) return this.#session(reference, async () => {});
    mkdirSync(workFolder, { recursive: true });
    const out = join(workFolder, `${hash}-${type}-${process.pid}.gguf`);
    const remove = async () => rmSync(out, { force: true });
    try {
      await exportGguf(reference, { out, type, overwrite: true, signal });
      return await this.#session(out, remove);
    } catch (error) {
      await remove();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#llama.dispose();
  }

  async #session(path: string, closed: () => Promise<void>): Promise<ModelSession> {
    const { keyValueType = "F32", flashAttention = false, sequences = 4 } = this.#options;
    const fallback = statSync(path).size < SINGLE_THREAD_BYTES ? 1 : availableParallelism();
    const settings: LlamaSettings = {
      keyValueType,
      flashAttention,
      sequences,
      threads: this.#options.threads ?? fallback,
    };
    return new LlamaSession(await loadLlamaModel(this.#llama, path), settings, closed);
  }
}

function isGguf(reference: string): boolean {
  return extname(reference) === ".gguf";
}
