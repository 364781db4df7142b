/** The float formats in plain TypeScript: exact widening, and narrowing to the nearest, ties to even. */
import type { FloatDtype } from "../../src/dtypes.ts";

/** The values of little-endian bytes that may lie at any address. */
export function widen(dtype: FloatDtype, bytes: Uint8Array): Float32Array {
  const own = bytes.slice().buffer;
  if (dtype === "F32") return new Float32Array(own);
  const halves = new Uint16Array(own);
  if (dtype === "BF16") return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
  return Float32Array.from(halves, (half) => widenF16(half));
}

/** The little-endian bytes of values, each rounded once. */
export function narrow(dtype: FloatDtype, values: Float32Array): Uint8Array {
  if (dtype === "F32") return new Uint8Array(values.slice().buffer);
  const bits = new Uint32Array(values.slice().buffer);
  const toHalf = dtype === "BF16" ? narrowBf16 : narrowF16;
  return new Uint8Array(Uint16Array.from(bits, toHalf).buffer);
}

/** Steps between neighbouring values of the format from `a` to `b`, element by element: the largest. */
export function largestUlps(dtype: FloatDtype, a: Uint8Array, b: Uint8Array): number {
  const [x, y] = [orderedBits(dtype, a), orderedBits(dtype, b)];
  return x.reduce((largest, bits, i) => Math.max(largest, Math.abs(bits - (y[i] as number))), 0);
}

/** Bits as integers in the order of the values; -0 and 0 are equal. */
function orderedBits(dtype: FloatDtype, bytes: Uint8Array): number[] {
  const own = bytes.slice().buffer;
  const sign = dtype === "F32" ? 0x80000000 : 0x8000;
  const words = dtype === "F32" ? new Uint32Array(own) : new Uint16Array(own);
  return Array.from(words, (bits) => (bits >= sign ? sign - bits : bits));
}

function widenF16(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half >> 15 === 1 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function narrowBf16(bits: number): number {
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function narrowF16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // Below 2^-14, in steps of 2^-24; a carry into the exponent is the right value.
  if (magnitude < 0x38800000) {
    const value = new Float32Array(Uint32Array.of(magnitude).buffer)[0] as number;
    return sign | roundHalfEven(value * 2 ** 24);
  }
  const rounded = (magnitude + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
  return sign | Math.min(0x7c00, rounded - (112 << 10));
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
