/** The same bytes for every number of threads, every grid of chunks and every instruction set of this CPU. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merge, type RecipeInput } from "tiesmith";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addon } from "../../src/native/addon.ts";
import { type TensorData, writeSafetensors } from "../checkpoint/safetensors-builder.ts";
import { narrow, widen } from "./float-formats.ts";
import { runMergeChild } from "./merge-process.ts";
import { folderFacts, gridlessFacts } from "./merged-folder.ts";
import { RandomSource } from "./random-models.ts";
import { type ReferenceSettings, referenceMerge } from "./reference-merge.ts";
import { storedTensors } from "./stored-tensors.ts";

/** Above the size from which cuts are sampled first, and an odd number. */
const LARGE = (1 << 18) + 12_345;
/** Of a tensor of that size a sample takes the first 256 of every 1,024 elements. */
const isSampled = (p: number) => p % 1024 < 256;

type Draw = (p: number, isBase: boolean, random: RandomSource) => number;

const TENSORS: Record<string, { shape: number[]; dtypes: ("F32" | "F16" | "BF16")[]; draw: Draw }> = {
  // Few magnitudes, so that most of what a cut decides is tied.
  tied: {
    shape: [LARGE],
    dtypes: ["BF16", "BF16", "BF16"],
    draw: (_, isBase, random) => (isBase ? 1 : 1 + random.between(-3, 3) * 2 ** -7),
  },
  // The sample sees small task vectors only: what it says of the threshold is wrong.
  deceiving: {
    shape: [LARGE],
    dtypes: ["F32", "F32", "F32"],
    draw: (p, isBase, random) => (isBase ? 0 : (random.next() - 0.5) * (isSampled(p) ? 2 ** -9 : 1)),
  },
  // Magnitudes that rise from start to end.
  sorted: {
    shape: [LARGE],
    dtypes: ["F16", "F32", "F16"],
    draw: (p, isBase, random) => (isBase ? 0 : (random.pick([-1, 1]) * p) / LARGE),
  },
  odd: {
    shape: [3, 4097],
    dtypes: ["F32", "BF16", "F32"],
    draw: (_, __, random) => random.pick([0, -0, 2 ** -149, -3 * 2 ** -140, 2 ** -126, 1, -1]),
  },
  scalar: { shape: [], dtypes: ["F16", "F16", "F16"], draw: (_, __, random) => random.next() },
  empty: { shape: [0, 7], dtypes: ["BF16", "BF16", "BF16"], draw: () => 0 },
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tiesmith-test-"));
  for (const [i, model] of ["base", "ct", "sft"].entries()) {
    const random = new RandomSource(i);
    const tensors = Object.entries(TENSORS).map(([name, { shape, dtypes, draw }]): [string, TensorData] => {
      const length = shape.reduce((product, size) => product * size, 1);
      const values = Float32Array.from({ length }, (_, p) => draw(p, i === 0, random));
      const dtype = dtypes[i] as "F32";
      return [name, { dtype, shape, data: narrow(dtype, values) }];
    });
    mkdirSync(join(folder, model));
    // An odd number of spaces after the header: no tensor is aligned.
    const path = join(folder, model, "model.safetensors");
    writeSafetensors(path, Object.fromEntries(tensors), { paddingBytes: 1 + 2 * i });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SETTINGS: ReferenceSettings = {
  method: "ties_sv",
  weights: [1, 0.5],
  densities: [0.6, 0.2],
  lambda: 0.9,
  normalize: true,
  rescale: true,
  scope: "tensor",
  zeroSign: "majority",
  electionWeights: true,
  priority: 1,
  slack: 0.3,
  slackOf: "discarded",
};

function recipe(method: string, scope?: "tensor" | "model"): RecipeInput {
  const { densities, weights, slack } = SETTINGS;
  const isTies = scope !== undefined;
  const ties = { scope, zero_sign: "majority", rescale: true, slack, slack_of: "discarded", lambda: 0.9 };
  return {
    merge_method: method,
    ...(isTies ? { base_model: join(folder, "base") } : {}),
    models: ["ct", "sft"].map((model, i) => ({
      model: join(folder, model),
      parameters: { weight: weights[i], ...(isTies ? { density: densities[i] } : {}) },
    })),
    parameters: isTies ? { ...ties, priority: join(folder, "sft") } : {},
  };
}

const RECIPES: Record<string, () => RecipeInput> = {
  "ties_sv, scope tensor": () => recipe("ties_sv", "tensor"),
  "ties_sv, scope model": () => recipe("ties_sv", "model"),
  linear: () => recipe("linear"),
};

describe.each(Object.keys(RECIPES))("%s:", (name) => {
  const own = () => (RECIPES[name] as () => RecipeInput)();
  /** In a folder of its own, so that the model card's title is the same. */
  const place = (variant: string) => join(folder, `${name}-${variant}`, "out");
  const merged = async (variant: string, options: { threads: number; chunkElements: number }) => {
    const out = place(variant);
    await merge(own(), { ...options, out });
    return out;
  };
  let plain = "";
  beforeAll(async () => {
    plain = await merged("plain", { threads: 1, chunkElements: 8192 });
  });

  it.each([2, 3])("%i threads", async (threads) => {
    const out = await merged(`threads-${threads}`, { threads, chunkElements: 8192 });
    expect(folderFacts(out)).toEqual(folderFacts(plain));
  });

  it.each([4096, 1 << 16, 1 << 20])("chunks of %i elements", async (chunkElements) => {
    const out = await merged(`chunks-${chunkElements}`, { threads: 2, chunkElements });
    expect(gridlessFacts(out)).toEqual(gridlessFacts(plain));
  });

  it.each(addon().supportedKernels)("kernel %s", (kernel) => {
    const out = place(kernel);
    const options = { out, threads: 2, chunkElements: 8192 };
    const { answer } = runMergeChild({ merges: [{ recipe: own(), options }] }, { TIESMITH_KERNEL: kernel });
    expect(answer.results?.[0]?.kernel).toBe(kernel);
    expect(folderFacts(out)).toEqual(folderFacts(plain));
  });

  it("where the scope is large enough to be sampled: the bytes of the reference", () => {
    const sources = ["base", "ct", "sft"].map((model) => storedTensors(join(folder, model)));
    const isLinear = name === "linear";
    const tensors = Object.entries(TENSORS).map(([tensor, { dtypes }]) => {
      const [base, ...models] = sources.map((stored, i) =>
        widen(dtypes[i] as "F32", stored[tensor]?.data as Uint8Array),
      );
      return { name: tensor, output: dtypes[isLinear ? 1 : 0] as "F32", base: base as Float32Array, models };
    });
    const scope = name.endsWith("model") ? "model" : "tensor";
    const method = isLinear ? "linear" : "ties_sv";
    const found = storedTensors(plain);
    for (const { name: tensor, values } of referenceMerge(tensors, { ...SETTINGS, method, scope })) {
      const { output } = tensors.find((one) => one.name === tensor) as (typeof tensors)[number];
      expect(Buffer.compare(narrow(output, values), found[tensor]?.data as Uint8Array), tensor).toBe(0);
    }
  });
});
