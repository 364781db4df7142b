/**
 * Rows as text with aligned columns: the first row is the heading, cells that look like numbers stand to the right.
 *
 * @param {string[][]} rows all of the same length
 */
export function formatTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const rightward = rows[0].map((_, column) => rows.slice(1).every((row) => /^[\d.-]/.test(row[column])));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        rightward[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return lines.join("\n");
}
