/**
 * A transformer of the Llama family in plain loops and f64, written from the papers and transformers' definitions
 * (rotation of halves, grouped heads), for comparison with what llama.cpp makes of our files.
 */
import type { TinyModel } from "./tiny-checkpoint.ts";

type Vector = number[];

/** Log-probabilities of every token after each position. */
export function referenceLogProbabilities(model: TinyModel, tokens: readonly number[]): Vector[] {
  const net = new Network(model);
  return net.run(tokens);
}

class Network {
  readonly #model: TinyModel;
  readonly #config: Record<string, unknown>;
  readonly #isGemma: boolean;
  readonly #isGemma2: boolean;
  readonly #headSize: number;

  constructor(model: TinyModel) {
    this.#model = model;
    this.#config = model.config;
    this.#isGemma = String(model.config.model_type).startsWith("gemma");
    this.#isGemma2 = model.config.model_type === "gemma2";
    this.#headSize = model.config.head_dim as number;
  }

  run(tokens: readonly number[]): Vector[] {
    const hidden = this.#config.hidden_size as number;
    const scale = this.#isGemma ? Math.sqrt(hidden) : 1;
    const embedding = this.#weight("model.embed_tokens.weight");
    let states = tokens.map((token) => row(embedding, token, hidden).map((value) => value * scale));
    for (let layer = 0; layer < (this.#config.num_hidden_layers as number); layer++)
      states = this.#layer(states, layer);
    const head = this.#config.tie_word_embeddings === true ? embedding : this.#weight("lm_head.weight");
    const cap = this.#isGemma2 ? 30 : null;
    return states.map((state) => {
      const logits = product(head, this.#norm(state, "model.norm.weight"));
      return logSoftmax(cap === null ? logits : logits.map((value) => cap * Math.tanh(value / cap)));
    });
  }

  #layer(states: readonly Vector[], layer: number): Vector[] {
    const prefix = `model.layers.${layer}.`;
    const attended = this.#attention(
      states.map((state) => this.#norm(state, `${prefix}input_layernorm.weight`)),
      layer,
    );
    return states.map((state, i) => {
      const own = attended[i] as Vector;
      const after = add(
        state,
        this.#isGemma2 ? this.#norm(own, `${prefix}post_attention_layernorm.weight`) : own,
      );
      const before = this.#isGemma2 ? "pre_feedforward_layernorm" : "post_attention_layernorm";
      const fed = this.#feedForward(this.#norm(after, `${prefix}${before}.weight`), prefix);
      return add(after, this.#isGemma2 ? this.#norm(fed, `${prefix}post_feedforward_layernorm.weight`) : fed);
    });
  }

  #feedForward(input: Vector, prefix: string): Vector {
    const gate = product(this.#weight(`${prefix}mlp.gate_proj.weight`), input).map(
      this.#isGemma ? tanhGelu : silu,
    );
    const up = product(this.#weight(`${prefix}mlp.up_proj.weight`), input);
    return product(
      this.#weight(`${prefix}mlp.down_proj.weight`),
      gate.map((value, i) => value * (up[i] as number)),
    );
  }

  #attention(inputs: readonly Vector[], layer: number): Vector[] {
    const prefix = `model.layers.${layer}.self_attn.`;
    const { num_attention_heads: heads, num_key_value_heads: keyValueHeads } = this.#config as Record<
      string,
      number
    >;
    const projected = (name: "q" | "k" | "v") =>
      inputs.map((input, position) => {
        const flat = this.#biased(
          product(this.#weight(`${prefix}${name}_proj.weight`), input),
          `${prefix}${name}_proj.bias`,
        );
        const parts = split(flat, this.#headSize);
        return name === "v"
          ? parts
          : parts.map((part) =>
              this.#rotated(this.#headNorm(part, `${prefix}${name}_norm.weight`), position),
            );
      });
    const [queries, keys, values] = [projected("q"), projected("k"), projected("v")];
    // Gemma 2's even layers see a window.
    const window =
      this.#isGemma2 && layer % 2 === 0 ? (this.#config.sliding_window as number) : Number.POSITIVE_INFINITY;
    return queries.map((ofHeads, position) => {
      const joined = ofHeads.flatMap((query, head) => {
        const group = Math.floor((head * (keyValueHeads as number)) / (heads as number));
        const first = Math.max(0, position - window + 1);
        const seen = keys.slice(first, position + 1).map((ofKeys) => ofKeys[group] as Vector);
        const scores = seen.map((key) => this.#capped(dot(query, key) / Math.sqrt(this.#headSize)));
        const shares = logSoftmax(scores).map(Math.exp);
        return shares.reduce(
          (sum, share, i) =>
            add(
              sum,
              ((values[first + i] as Vector[])[group] as Vector).map((value) => value * share),
            ),
          new Array<number>(this.#headSize).fill(0),
        );
      });
      return this.#biased(product(this.#weight(`${prefix}o_proj.weight`), joined), `${prefix}o_proj.bias`);
    });
  }

  #capped(score: number): number {
    return this.#isGemma2 ? 50 * Math.tanh(score / 50) : score;
  }

  #rotated(head: Vector, position: number): Vector {
    const half = head.length / 2;
    const scaling = (this.#config.rope_scaling ?? {}) as Record<string, number | string>;
    const turned = [...head];
    for (let i = 0; i < half; i++) {
      const frequency = scaledFrequency(
        (this.#config.rope_theta as number) ** ((-2 * i) / head.length),
        scaling,
      );
      const [cos, sin] = [Math.cos(position * frequency), Math.sin(position * frequency)];
      const [a, b] = [head[i] as number, head[i + half] as number];
      turned[i] = a * cos - b * sin;
      turned[i + half] = b * cos + a * sin;
    }
    return turned;
  }

  #headNorm(head: Vector, name: string): Vector {
    return this.#model.weights.has(name) ? this.#norm(head, name) : head;
  }

  #norm(input: Vector, name: string): Vector {
    const weight = this.#weight(name);
    const mean = input.reduce((sum, value) => sum + value * value, 0) / input.length;
    const scale = 1 / Math.sqrt(mean + (this.#config.rms_norm_eps as number));
    return input.map((value, i) => value * scale * ((weight[i] as number) + (this.#isGemma ? 1 : 0)));
  }

  #biased(values: Vector, name: string): Vector {
    const bias = this.#model.weights.get(name)?.values;
    return bias === undefined ? values : values.map((value, i) => value + (bias[i] as number));
  }

  #weight(name: string): Float32Array {
    const weight = this.#model.weights.get(name);
    if (weight === undefined) throw new Error(`no weight ${name}`);
    return weight.values;
  }
}

/** Llama 3.1's rule, and linear scaling. */
function scaledFrequency(frequency: number, scaling: Record<string, number | string>): number {
  const factor = Number(scaling.factor ?? 1);
  if (scaling.rope_type === "linear") return frequency / factor;
  if (scaling.rope_type !== "llama3") return frequency;
  const length = Number(scaling.original_max_position_embeddings);
  const [low, high] = [Number(scaling.low_freq_factor), Number(scaling.high_freq_factor)];
  const turns = (length * frequency) / (2 * Math.PI);
  if (turns > high) return frequency;
  if (turns < low) return frequency / factor;
  const smooth = (turns - low) / (high - low);
  return (1 - smooth) * (frequency / factor) + smooth * frequency;
}

const silu = (x: number) => x / (1 + Math.exp(-x));
const tanhGelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const add = (a: Vector, b: Vector) => a.map((value, i) => value + (b[i] as number));
const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const row = (matrix: Float32Array, index: number, width: number) => [
  ...matrix.subarray(index * width, (index + 1) * width),
];

function product(matrix: Float32Array, input: Vector): Vector {
  const width = input.length;
  return Array.from({ length: matrix.length / width }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += (matrix[i * width + j] as number) * (input[j] as number);
    return sum;
  });
}

function split(values: Vector, size: number): Vector[] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function logSoftmax(logits: Vector): Vector {
  const largest = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - largest), 0)) + largest;
  return logits.map((value) => value - total);
}
