/** Rows of q and k in llama.cpp's order. */

/**
 * The row of the checkpoint that stands at row `row` of the file. Within a head of `headRows` rows transformers
 * turns row i together with i + headRows/2, llama.cpp's "normal" rotation 2i with 2i + 1: so the file takes
 * them by turns from both halves.
 */
export function interleavedRow(row: number, headRows: number): number {
  const within = row % headRows;
  const half = headRows / 2;
  return row - within + (within % 2 === 0 ? within / 2 : half + (within - 1) / 2);
}
