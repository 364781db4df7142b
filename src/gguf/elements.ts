/** Elements of safetensors as elements of GGUF: exact widening, one rounding (to nearest, even) when narrowing. */
import type { FloatDtype } from "../dtypes.ts";
import { GGUF_TYPES, type GgufType } from "./layout.ts";

const SAME_BYTES = { F32: "f32", F16: "f16", BF16: "bf16" } as const;

/** Whether elements are the same bytes in both formats. */
export function hasSameBytes(dtype: FloatDtype, type: GgufType): boolean {
  return SAME_BYTES[dtype] === type;
}

/** The f16 nearest to a float, of two equally near the even one, as bits from bits; overflow gives an infinity. */
export function halfOfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65,520 and above round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Half of the dropped 13 bits, less one unless the kept part is odd: ties go to even.
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  // Subnormal: a multiple of 2^-24. Below 2^-25 nothing is left.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const half = 1 << (shift - 1);
  const kept = significand >>> shift;
  return sign | ((significand + half - 1 + (kept & 1)) >>> shift);
}

/** The bf16 nearest to a float, of two equally near the even one, as bits from bits. */
export function brainOfBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] as number;

/** The f16 nearest to a float. */
export function halfBits(value: number): number {
  return halfOfBits(bitsOf(value));
}

/** The bf16 nearest to a float. */
export function brainBits(value: number): number {
  return brainOfBits(bitsOf(value));
}

/** The value of 16 bits of f16. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halfTable: Float32Array | undefined;

/** Widens elements to f32, exactly. `bytes` is aligned to the element's size. */
export function widen(bytes: Uint8Array, dtype: FloatDtype): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (dtype === "F32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  const input = new Uint16Array(buffer, byteOffset, byteLength / 2);
  const output = new Float32Array(input.length);
  if (dtype === "BF16") {
    const bits = new Uint32Array(output.buffer);
    for (let i = 0; i < input.length; i++) bits[i] = (input[i] as number) << 16;
    return output;
  }
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfValue(bits));
  for (let i = 0; i < input.length; i++) output[i] = halfTable[input[i] as number] as number;
  return output;
}

/** The bytes of elements in a GGUF format; for q8_0 a whole number of blocks. */
export function narrow(values: Float32Array, type: GgufType): Uint8Array {
  if (type === "f32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === "q8_0") return quantise(values);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const output = new Uint16Array(values.length);
  // Two loops, so that each is compiled for its own function.
  if (type === "f16") for (let i = 0; i < bits.length; i++) output[i] = halfOfBits(bits[i] as number);
  else for (let i = 0; i < bits.length; i++) output[i] = brainOfBits(bits[i] as number);
  return new Uint8Array(output.buffer);
}

/**
 * q8_0: blocks of 32 elements, each an f16 scale d = max|x| / 127 and 32 signed bytes round(x / d), halves away from
 * zero, as ggml's reference computes it: in f32, by the reciprocal of the unrounded scale.
 */
function quantise(values: Float32Array): Uint8Array {
  const { blockElements, blockBytes } = GGUF_TYPES.q8_0;
  const output = new Uint8Array((values.length / blockElements) * blockBytes);
  const view = new DataView(output.buffer);
  for (let start = 0, at = 0; start < values.length; start += blockElements, at += blockBytes) {
    let largest = 0;
    for (let i = 0; i < blockElements; i++)
      largest = Math.max(largest, Math.abs(values[start + i] as number));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    view.setUint16(at, halfBits(scale), true);
    for (let i = 0; i < blockElements; i++) {
      const scaled = Math.fround((values[start + i] as number) * inverse);
      // |0 cuts towards zero, so that halves go away from it.
      output[at + 2 + i] = (scaled < 0 ? scaled - 0.5 : scaled + 0.5) | 0;
    }
  }
  return output;
}

/** From these magnitudes on a value rounds to infinity; a q8_0 scale is an f16 of the 127th part. */
const LIMITS: Readonly<Record<GgufType, number>> = {
  f32: Number.POSITIVE_INFINITY,
  f16: 65_520,
  bf16: 2 ** 128 - 2 ** 119,
  q8_0: 65_520 * 127,
};

/** The index of the first value that is not finite, or that the format cannot hold; -1 if there is none. */
export function firstUnfit(values: Float32Array, type: GgufType): number {
  const limit = LIMITS[type];
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i] as number) < limit)) return i;
  return -1;
}
