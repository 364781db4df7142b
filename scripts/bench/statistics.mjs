/** @typedef {{ min: number, median: number, max: number }} Spread */

/**
 * The smallest, the middle and the largest of at least one number; the median of an even count is the mean of the
 * two in the middle.
 *
 * @param {number[]} values
 * @returns {Spread}
 */
export function summarize(values) {
  if (values.length === 0) throw new Error("Expected at least one value to summarize, but received none");
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}
