/** The small experiment that the demonstration runs on: where it lies, and what of it is searched. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { TiesmithError } from "../errors.ts";
import { packageRoot } from "../native/package-root.ts";

/** How much is tried and asked. */
export interface DemoSize {
  readonly densities: readonly number[];
  readonly slackDensities: { readonly k_ct: readonly number[]; readonly k_sft: readonly number[] };
  readonly slacks: readonly number[];
  /** Of the SFT model against a weight of 1 for CT. */
  readonly weights: readonly number[];
  /** At most so many rows of each task; null for all. */
  readonly devRows: number | null;
  readonly testRows: number | undefined;
}

/** The paper's grid (appendix B); weights of SFT from 0.1 to 0.9 of the sum. */
export const FULL: DemoSize = {
  densities: [0.01, 0.2, 0.4, 0.6, 0.8, 1],
  slackDensities: { k_ct: [0.2, 1], k_sft: [0.2, 0.8] },
  slacks: [0.02, 0.04, 0.08],
  weights: [0.11, 0.25, 0.43, 0.67, 1, 1.5, 2.33, 4, 9],
  devRows: null,
  testRows: undefined,
};

/** Enough to see every part at work; the scores are of few rows. */
export const FAST: DemoSize = {
  densities: [0.2, 1],
  slackDensities: { k_ct: [1], k_sft: [0.2] },
  slacks: [0.04, 0.08],
  weights: [0.67, 2.33],
  devRows: 20,
  testRows: 30,
};

/** λ belongs in the space: merging normalises, which shrinks what only one model has (1.5 is the reference's). */
const LAMBDAS = [1, 1.5];

export const CHECKPOINTS = { names: ["ct-x-100", "ct-x-200", "ct-x"], x: [100, 200, 400], xTitle: "steps" };

/** The tasks whose mean the reference calls the average; response selection is solved by language modelling alone. */
export const TASKS = ["tc", "rate", "math"] as const;

/** Absolute paths into the experiment. */
export class SmallExperiment {
  readonly folder: string;

  /** @throws {TiesmithError} `MODEL_NOT_FOUND` where it is not */
  constructor(folder: string | undefined) {
    this.folder = folder === undefined ? join(packageRoot, "examples", "tinylang") : resolve(folder);
    if (existsSync(join(this.folder, "models", "base"))) return;
    throw new TiesmithError(
      "MODEL_NOT_FOUND",
      `Expected the demonstration's models in ${this.folder}, but found none; they are in the source repository (examples/tinylang): name that folder with --examples`,
      { folder: this.folder },
    );
  }

  model(name: string): string {
    return join(this.folder, "models", name);
  }

  task(name: string): string {
    return join(this.folder, "tasks", `${name}.yaml`);
  }

  get data(): string {
    return join(this.folder, "data");
  }

  get checkpoints(): string[] {
    return CHECKPOINTS.names.map((name) => this.model(name));
  }

  /** What `tiesmith search` is asked for: three methods on the dev rows of X, without the test rows. */
  searchSpec(size: DemoSize): object {
    const { densities, slackDensities, slacks, weights, devRows } = size;
    const space = { k_ct: densities, k_sft: densities, lambda: LAMBDAS };
    const slackSpace = { ...slackDensities, lambda: LAMBDAS.slice(-1), slack: slacks };
    return {
      methods: {
        WAVG: { recipe: this.#averaged(variable("w_sft")), space: { w_sft: weights } },
        TIES: { recipe: this.#elected("ties", {}), space },
        "TIES-SV": {
          recipe: this.#elected("ties_sv", { priority: this.model("sft"), slack: variable("slack") }),
          space: slackSpace,
        },
      },
      tasks: TASKS.map((name) => `${this.task(name)}:X`),
      data: this.data,
      dev: "dev",
      // The demonstration tests more models than the winners, all at once.
      final: false,
      ...(devRows === null ? {} : { rows: devRows }),
    };
  }

  #averaged(weight: string): object {
    const models = [
      { model: this.model("ct-x"), parameters: { weight: 1 } },
      { model: this.model("sft"), parameters: { weight } },
    ];
    return { merge_method: "linear", models };
  }

  #elected(method: string, own: object): object {
    const entry = (name: string, density: string) => {
      return { model: this.model(name), parameters: { weight: 1, density: variable(density) } };
    };
    return {
      merge_method: method,
      base_model: this.model("base"),
      models: [entry("ct-x", "k_ct"), entry("sft", "k_sft")],
      parameters: { lambda: variable("lambda"), ...own },
    };
  }
}

const variable = (name: string) => `\${${name}}`;
