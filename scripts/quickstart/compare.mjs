/** Compares two bfloat16 checkpoints, with a reader of its own: what is checked must not check itself. */
import { readFileSync } from "node:fs";

/**
 * Counts how far two files are apart.
 * @returns `ulps` is the largest distance in units in the last place; `identical` counts elements of equal bits
 * @throws {Error} naming the first tensor that only one file has, or that differs in dtype or shape
 */
export function compareCheckpoints(expectedPath, foundPath) {
  const [expected, found] = [readTensors(expectedPath), readTensors(foundPath)];
  for (const name of found.keys())
    if (!expected.has(name)) throw new Error(`${foundPath}: ${name} is one too many`);
  let [elements, identical, ulps] = [0, 0, 0];
  for (const [name, { shape, values }] of expected) {
    const other = found.get(name);
    if (other === undefined || other.shape.join() !== shape.join())
      throw new Error(
        `${foundPath}: expected ${name} as [${shape}], but found ${other ? `[${other.shape}]` : "none"}`,
      );
    elements += values.length;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === other.values[i]) identical++;
      else ulps = Math.max(ulps, Math.abs(ordinal(values[i]) - ordinal(other.values[i])));
    }
  }
  return { tensors: expected.size, elements, identical, ulps };
}

/** Place of a bfloat16 among all of them: neighbours differ by 1, and both zeros stand at 0. */
function ordinal(bits) {
  return bits & 0x8000 ? -(bits & 0x7fff) : bits;
}

function readTensors(path) {
  const file = readFileSync(path);
  const dataStart = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__, ...entries } = JSON.parse(file.toString("utf8", 8, dataStart));
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
    if (dtype !== "BF16") throw new Error(`${path}: expected ${name} as BF16, but found ${dtype}`);
    // A copy, since a Uint16Array must be aligned.
    const bytes = Uint8Array.from(file.subarray(dataStart + offsets[0], dataStart + offsets[1]));
    tensors.set(name, { shape, values: new Uint16Array(bytes.buffer) });
  }
  return tensors;
}
