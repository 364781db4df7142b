/** Draws some of many rows, always the same ones. */
import { createHash } from "node:crypto";

/** How {@link drawRows} chooses, in words. */
export const DRAW_RULE = "the rows whose SHA-256 of seed and key is smallest, in the order of the file";

/** `count` rows in the order of the list, or all; more rows hold all of fewer ones. */
export function drawRows<Row extends { readonly key: string }>(
  rows: readonly Row[],
  seed: string,
  count: number,
): Row[] {
  const order = rows
    .map((row) => ({ row, hash: createHash("sha256").update(`${seed}\0${row.key}`).digest("hex") }))
    .sort((a, b) => (a.hash < b.hash ? -1 : Number(a.hash > b.hash)));
  const chosen = new Set(order.slice(0, count).map(({ row }) => row));
  return rows.filter((row) => chosen.has(row));
}
