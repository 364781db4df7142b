/** Rotary positions: what config.json says, as transformers 4 and 5 write it, in llama.cpp's terms. */
import { isJsonObject, type JsonObject } from "../checkpoint/json-file.ts";
import { TiesmithError } from "../errors.ts";
import { float32, type GgufValue, text, uint32 } from "./metadata.ts";

export interface Rope {
  readonly keys: readonly (readonly [suffix: string, value: GgufValue])[];
  /** Llama 3.1's divisors of the frequencies, one for each pair of a head; null if there are none. */
  readonly frequencyDivisors: readonly number[] | null;
}

/**
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` naming a kind of scaling that llama.cpp has not, or that it takes
 * from elsewhere
 */
export function ropeOf(config: JsonObject, headSize: number, folder: string): Rope {
  const parameters = [config.rope_parameters, config.rope_scaling].find(isJsonObject) ?? {};
  const theta = numberOf(parameters.rope_theta) ?? numberOf(config.rope_theta) ?? 10_000;
  const kind = parameters.rope_type ?? parameters.type ?? "default";
  const base = [["rope.freq_base", float32(theta)]] as const;
  const factor = numberOf(parameters.factor) ?? 1;
  if (kind === "default") return { keys: base, frequencyDivisors: null };
  if (kind === "linear") return { keys: [...base, ...scaling("linear", factor)], frequencyDivisors: null };
  if (kind === "yarn") {
    const original = numberOf(parameters.original_max_position_embeddings);
    const length = original ?? numberOf(config.max_position_embeddings) ?? 0;
    const keys = [
      ...base,
      ...scaling("yarn", factor),
      ["rope.scaling.original_context_length", uint32(length)] as const,
    ];
    return { keys, frequencyDivisors: null };
  }
  if (kind === "llama3") {
    return { keys: base, frequencyDivisors: llama3Divisors(parameters, theta, headSize) };
  }
  throw new TiesmithError(
    "MODEL_UNSUPPORTED",
    `Expected rotary scaling default, linear, yarn or llama3 in ${folder}/config.json, but found ${JSON.stringify(kind)}`,
    { folder, rope: kind },
  );
}

function scaling(kind: string, factor: number) {
  return [
    ["rope.scaling.type", text(kind)],
    ["rope.scaling.factor", float32(factor)],
  ] as const;
}

/**
 * Llama 3.1: frequencies of long waves are divided by `factor`, those of short waves are kept, with a smooth
 * passage in between (transformers, `_compute_llama3_parameters`).
 */
function llama3Divisors(parameters: JsonObject, theta: number, headSize: number): number[] {
  const factor = numberOf(parameters.factor) ?? 8;
  const low = numberOf(parameters.low_freq_factor) ?? 1;
  const high = numberOf(parameters.high_freq_factor) ?? 4;
  const length = numberOf(parameters.original_max_position_embeddings) ?? 8192;
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const waveLength = 2 * Math.PI * theta ** ((2 * i) / headSize);
    if (waveLength < length / high) return 1;
    if (waveLength > length / low) return factor;
    const smooth = (length / waveLength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
