/** A row of numbers as a row of blocks. */

const BLOCKS = "▁▂▃▄▅▆▇█";

/** One block a number, from 0 (or the least, where that is below) to the largest; a space where there is none. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const least = Math.min(0, ...known);
  const range = Math.max(...known, least) - least;
  return values
    .map((value) => {
      if (value === null) return " ";
      const height = range === 0 ? 0 : (value - least) / range;
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(height * BLOCKS.length))];
    })
    .join("");
}
