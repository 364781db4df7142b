/** Tensors of further formats for tests. */

import type { TensorData } from "../checkpoint/safetensors-builder.ts";

/** The upper halves of floats: exact for values with few bits. */
export function bf16(shape: readonly number[], values: readonly number[]): TensorData {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return { dtype: "BF16", shape, data: new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer) };
}

export function i64(values: readonly bigint[]): TensorData {
  return { dtype: "I64", shape: [values.length], data: new Uint8Array(BigInt64Array.from(values).buffer) };
}
