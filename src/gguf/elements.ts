/** Elements of safetensors as elements of GGUF: exact widening, one rounding (to nearest, even) when narrowing. */
import type { FloatDtype } from "../dtypes.ts";
import { GGUF_TYPES, type GgufType } from "./layout.ts";

const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

/** The f16 nearest to a float, as 16 bits; overflow gives an infinity. */
export function halfBits(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0] as number;
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
  // Subnormal: a multiple of 2^-24, rounded by the addition of a float whose last place that is.
  scratchBits[0] = magnitude;
  scratchFloat[0] = (scratchFloat[0] as number) + 0.5;
  return sign | ((scratchBits[0] as number) - 0x3f000000);
}

/** The bf16 nearest to a float, as 16 bits. */
export function brainBits(value: number): number {
  scratchFloat[0] = value;
  const bits = scratchBits[0] as number;
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
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
  const output = new Uint16Array(values.length);
  const bitsOf = type === "f16" ? halfBits : brainBits;
  for (let i = 0; i < values.length; i++) output[i] = bitsOf(values[i] as number);
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
      view.setInt8(at + 2 + i, Math.sign(scaled) * Math.round(Math.abs(scaled)));
    }
  }
  return output;
}

/** The index of the first value that is not finite, or that f16 cannot hold; -1 if there is none. */
export function firstUnfit(values: Float32Array, type: GgufType): number {
  // 65,520 would round to infinity; a q8_0 scale is an f16 too, of the 127th part.
  const limit = type === "f16" ? 65_520 : type === "q8_0" ? 65_520 * 127 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i] as number) < limit)) return i;
  return -1;
}
