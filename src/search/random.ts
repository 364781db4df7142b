/** Random numbers that are the same on every machine: drawn from a seed and what they are drawn for. */
import { createHash } from "node:crypto";

export interface Random {
  /** From 0 to below 1. */
  uniform(): number;
  /** Of the normal distribution with mean 0 and deviation 1. */
  normal(): number;
}

/** A generator for one purpose: equal keys give equal numbers. */
export function randomFor(...key: readonly (string | number)[]): Random {
  const state = createHash("sha256").update(JSON.stringify(key)).digest();
  const words = [0, 4, 8, 12].map((offset) => state.readUInt32LE(offset)) as [number, number, number, number];
  const uniform = () => (next(words) >>> 5) / 2 ** 27;
  return {
    uniform,
    // Box and Muller 1958; the logarithm's argument is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** sfc32 (Chris Doty-Humphrey's PractRand): 128 bits of state, the last word counts. */
function next(words: [number, number, number, number]): number {
  const [a, b, c, counter] = words;
  const result = (a + b + counter) | 0;
  words[3] = (counter + 1) | 0;
  words[0] = b ^ (b >>> 9);
  words[1] = (c + (c << 3)) | 0;
  words[2] = (((c << 21) | (c >>> 11)) + result) | 0;
  return result;
}
