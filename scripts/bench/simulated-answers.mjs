/** Elements of a block, for which norms are summed. */
const BLOCK_ELEMENTS = 4096;

/** A bracket as samples find them: 4,096 keys somewhere in the middle. */
const BRACKET = { low: 2 ** 29, high: 2 ** 29 + 4095, shift: 0 };

/** Far beyond the numbers of real drafts, which would be dropped. */
const NO_DRAFT = 2 ** 52;

const NO_COUNTS = { models: [], conflicts: 0, givenBack: 0, saturated: 0 };

/**
 * An answer to an operation that leads the engine on as a right one would: a sample finds brackets, the first count in
 * them finds the cut, and a tensor is drafted if the sample left as little undecided as in the trace.
 *
 * @param {any} operation of src/execute/operations.ts
 * @param {{ undecided: number }} traced
 */
export function answerOf(operation, { undecided }) {
  switch (operation.kind) {
    case "readAhead":
      return null;
    case "sample":
      return bracketsOf(operation.tensors[0].arithmetic, undecided);
    case "trim":
      return operation.windows.map((window) => window && tallyOf(window, elementsOf(operation.chunk)));
    case "slack":
      return slackTallyOf(operation);
    case "norms":
      return new Float64Array(
        2 * Math.ceil(elementsOf(operation.chunk) / BLOCK_ELEMENTS) * operation.chunk.tensor.models.length,
      );
    case "draft":
      return { ...NO_COUNTS, draft: NO_DRAFT, undecided: 0 };
    case "settle":
      return measuredOf(operation.chunks[0].tensor.arithmetic);
    case "finish":
    case "combine":
      return { ...NO_COUNTS, hash: "" };
    case "whole":
      return { hashes: [""], counts: null, measured: null };
    case "copy":
      return { hash: "" };
    default:
      throw new Error(`Expected an operation of a merge, but received ${operation.kind}`);
  }
}

/** Elements of a chunk. */
export function elementsOf({ tensor, index }) {
  return Math.min(tensor.chunkElements, tensor.elementCount - index * tensor.chunkElements);
}

function bracketsOf({ densities, slack }, undecided) {
  const isCut = (density) => density > 0 && density < 1;
  return {
    trims: densities.map((density) => (isCut(density) ? BRACKET : null)),
    slack: slack === null ? null : BRACKET,
    undecided,
  };
}

/** All keys in one bin, all the same. */
function tallyOf({ low, high, shift }, count) {
  const bins = new Uint32Array(2 * (Math.floor((high - low) / 2 ** shift) + 1));
  bins[0] = count;
  return { above: 0, bins: bins.buffer };
}

function slackTallyOf({ chunk, window }) {
  const retained = elementsOf(chunk);
  const discarded = Math.ceil(retained / 4);
  const signs = { positive: 1, negative: 0 };
  if (window === null) return { ...signs, above: 0, bins: new ArrayBuffer(8), retained, discarded };
  return { ...tallyOf(window, discarded), ...signs, retained, discarded };
}

function measuredOf({ densities }) {
  return { trims: densities.map(() => ({ kind: "everything" })), norms: null, zeroSign: 1, slack: null };
}
