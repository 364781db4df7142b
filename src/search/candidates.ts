/** From a recipe to scores: merged where memory or a temporary folder holds it, scored, removed. */
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Backend, EvaluatedModel } from "../evaluate/backend.ts";
import { startBackend } from "../evaluate/backend-options.ts";
import { type EvaluationProgress, evaluateWith } from "../evaluate/evaluate.ts";
import type { LlamaOptions } from "../evaluate/llama-backend.ts";
import type { EvaluationResults } from "../evaluate/results.ts";
import type { SelectedTask } from "../evaluate/selection.ts";
import { makeTemporaryFolder } from "../evaluate/temporary-folder.ts";
import { CutCache } from "../execute/cut-cache.ts";
import { merge } from "../execute/merge.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import { CANDIDATE_TYPE } from "./candidate-recipe.ts";

/** Candidates are files, which a server would not see: llama.cpp runs them here. */
export type CandidateBackend = { readonly kind: "llama" } & Omit<LlamaOptions, "workFolder" | "signal">;

export interface CandidateOptions {
  readonly backend: CandidateBackend;
  /** Bytes of the largest candidate. */
  readonly bytes: number;
  /** Folder for cuts that candidates have in common: densities of a grid are measured once. */
  readonly cuts: string;
  readonly temporary: string | undefined;
  readonly threads: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A candidate, to be merged when it is needed. */
export interface Candidate {
  /** What the evaluation calls it. */
  readonly name: string;
  readonly recipe: RecipeInput;
  /** Equal for equal candidates: hash of recipe and inputs. */
  readonly hash: string;
}

/** What a candidate's scoring came to. */
export interface CandidateScores {
  readonly results: EvaluationResults;
  readonly mergeSeconds: number;
  readonly evaluateSeconds: number;
  readonly modelHash: string;
}

/** Merges and scores candidates one after another with one running backend. */
export class CandidateRunner {
  readonly #options: CandidateOptions;
  readonly #folder: string;
  readonly #backend: Backend;
  readonly #cuts: CutCache;

  private constructor(options: CandidateOptions, folder: string, backend: Backend) {
    this.#options = options;
    this.#folder = folder;
    this.#backend = backend;
    this.#cuts = new CutCache(options.cuts);
  }

  /** @throws {TiesmithError} `BACKEND_UNAVAILABLE`, `USAGE` */
  static async start(options: CandidateOptions): Promise<CandidateRunner> {
    const folder = makeTemporaryFolder(options.bytes, options.temporary);
    try {
      const backend = await startBackend(options.backend, folder, options.signal);
      return new CandidateRunner(options, folder, backend);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Merges one candidate, scores it, and removes it, also after a failure.
   * @param answers folder that keeps its answers, so that an interrupted scoring goes on
   */
  async score(
    candidate: Candidate,
    tasks: readonly SelectedTask[],
    answers: string,
    onProgress: (progress: EvaluationProgress) => void,
  ): Promise<CandidateScores> {
    const started = performance.now();
    const out = await this.#merged(candidate);
    const mergeSeconds = (performance.now() - started) / 1000;
    try {
      const options = { cache: answers, signal: this.#options.signal, onProgress };
      const results = await evaluateWith(this.#backend, [out], tasks, options);
      const evaluateSeconds = (performance.now() - started) / 1000 - mergeSeconds;
      return { results, mergeSeconds, evaluateSeconds, modelHash: results.models[0]?.hash ?? "" };
    } finally {
      this.#remove(out);
    }
  }

  /** Models and candidates beside each other; of the candidates one at a time is on the disk. */
  async compare(
    models: readonly string[],
    candidates: readonly Candidate[],
    tasks: readonly SelectedTask[],
    options: { answers: string; onProgress: (progress: EvaluationProgress) => void },
  ): Promise<EvaluationResults> {
    const lazy = new LazyBackend(this.#backend, candidates, {
      merge: (candidate) => this.#merged(candidate),
      remove: (out) => this.#remove(out),
    });
    const references = [...models, ...candidates.map((_, i) => lazy.referenceOf(i))];
    const { signal } = this.#options;
    const { answers, onProgress } = options;
    return evaluateWith(lazy, references, tasks, { cache: answers, signal, onProgress });
  }

  async close(): Promise<void> {
    try {
      await this.#backend.close();
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** The file is named as the evaluation shall name the model. */
  async #merged({ name, recipe }: Candidate): Promise<string> {
    const out = join(this.#folder, `${name}.gguf`);
    const { backend, threads, signal } = this.#options;
    const type = backend.type ?? CANDIDATE_TYPE;
    try {
      await merge(recipe, { out, format: "gguf", type, cuts: this.#cuts, restart: true, threads, signal });
    } catch (error) {
      this.#remove(out);
      throw error;
    }
    return out;
  }

  /** With the manifest, and what an interrupted merge keeps for going on. */
  #remove(out: string): void {
    const name = basename(out);
    for (const own of readdirSync(this.#folder))
      if (own.startsWith(name)) rmSync(join(this.#folder, own), { recursive: true, force: true });
  }
}

interface CandidateFiles {
  merge(candidate: Candidate): Promise<string>;
  remove(out: string): void;
}

/** A backend whose candidates are merged when they are opened, and removed when they are closed. */
class LazyBackend implements Backend {
  readonly name: Backend["name"];
  readonly #inner: Backend;
  readonly #candidates: readonly Candidate[];
  readonly #files: CandidateFiles;

  constructor(inner: Backend, candidates: readonly Candidate[], files: CandidateFiles) {
    this.name = inner.name;
    this.#inner = inner;
    this.#candidates = candidates;
    this.#files = files;
  }

  /** No path holds NUL. */
  referenceOf(index: number): string {
    return `\0${index}`;
  }

  #candidateOf(reference: string): Candidate | undefined {
    return reference.startsWith("\0") ? this.#candidates[Number(reference.slice(1))] : undefined;
  }

  async identify(reference: string): Promise<EvaluatedModel> {
    const candidate = this.#candidateOf(reference);
    if (candidate === undefined) return this.#inner.identify(reference);
    return { name: candidate.name, reference, hash: candidate.hash };
  }

  settingsOf(): Readonly<Record<string, unknown>> {
    return this.#inner.settingsOf();
  }

  async open(model: EvaluatedModel): ReturnType<Backend["open"]> {
    const candidate = this.#candidateOf(model.reference);
    if (candidate === undefined) return this.#inner.open(model);
    const out = await this.#files.merge(candidate);
    const remove = () => this.#files.remove(out);
    try {
      const session = await this.#inner.open(await this.#inner.identify(out));
      return {
        usage: session.usage,
        check: (requests) => session.check(requests),
        run: (requests, answered, signal) => session.run(requests, answered, signal),
        close: async () => {
          await session.close();
          remove();
        },
      };
    } catch (error) {
      remove();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
