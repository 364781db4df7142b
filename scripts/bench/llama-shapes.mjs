/**
 * @typedef {object} LlamaShape
 * @property {string} label
 * @property {number} hidden
 * @property {number} layerCount
 * @property {number} intermediate
 * @property {number} headCount
 * @property {number} kvHeadCount
 * @property {number} vocab
 */

/** By parameter count: the first is for smoke tests, 1.1B is TinyLlama, 3B OpenLLaMA, 7B Llama 2. */
export const LLAMA_SHAPES = [
  { label: "5M", hidden: 256, layerCount: 1, intermediate: 688, headCount: 4, kvHeadCount: 2, vocab: 8000 },
  {
    label: "0.15B",
    hidden: 768,
    layerCount: 16,
    intermediate: 2048,
    headCount: 12,
    kvHeadCount: 4,
    vocab: 32000,
  },
  {
    label: "1.1B",
    hidden: 2048,
    layerCount: 22,
    intermediate: 5632,
    headCount: 32,
    kvHeadCount: 4,
    vocab: 32000,
  },
  {
    label: "3B",
    hidden: 3200,
    layerCount: 26,
    intermediate: 8640,
    headCount: 32,
    kvHeadCount: 32,
    vocab: 32000,
  },
  {
    label: "7B",
    hidden: 4096,
    layerCount: 32,
    intermediate: 11008,
    headCount: 32,
    kvHeadCount: 32,
    vocab: 32000,
  },
];

// "3B" means 3.43e9 and "7B" 6.74e9: a count this near a named shape means that shape.
const NAMED_WITHIN = 0.15;

/** Parameters of a shape, embedding and head counted apart. */
export function countParameters(shape) {
  return countOutsideLayers(shape) + shape.layerCount * countPerLayer(shape);
}

/**
 * The named shape near a parameter count, or else the next smaller one with as many layers as come nearest to it.
 *
 * @param {number} parameterCount
 * @returns {LlamaShape}
 */
export function pickShape(parameterCount) {
  const named = LLAMA_SHAPES.find(
    (shape) => Math.abs(countParameters(shape) / parameterCount - 1) < NAMED_WITHIN,
  );
  if (named !== undefined) return named;
  const smaller = LLAMA_SHAPES.filter((shape) => countParameters(shape) <= parameterCount).at(-1);
  if (smaller === undefined) {
    const least = countParameters(LLAMA_SHAPES[0]);
    throw new Error(`Expected at least ${least} parameters, but received ${parameterCount}`);
  }
  const layerCount = Math.round((parameterCount - countOutsideLayers(smaller)) / countPerLayer(smaller));
  return { ...smaller, layerCount, label: `${(parameterCount / 1e9).toPrecision(3)}B` };
}

function countOutsideLayers({ vocab, hidden }) {
  return 2 * vocab * hidden + hidden;
}

function countPerLayer({ hidden, intermediate, headCount, kvHeadCount }) {
  const kv = (hidden / headCount) * kvHeadCount;
  return 2 * hidden * hidden + 2 * hidden * kv + 3 * hidden * intermediate + 2 * hidden;
}
