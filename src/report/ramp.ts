/** Shares as colours, from none to the largest. */
import { RAMP } from "./theme.ts";

/** Text on a cell of the ramp: light on its dark half, dark on its light half. */
export function rampText(field: string, [least, most]: readonly [number, number], format: string) {
  const middle = least + 0.55 * (most - least);
  return {
    text: { field, type: "quantitative", format },
    color: { condition: { test: `datum.${field} > ${middle}`, value: "#101418" }, value: "#f6f8fa" },
  };
}

/** A colour scale from none to the largest share. */
export const rampScale = (most: number) => ({
  range: RAMP,
  domain: [0, most === 0 ? 1 : most],
  interpolate: "rgb",
});

/** The largest share of all, 0 where there is none. */
export function largest(data: readonly { share: number | null }[]): number {
  return Math.max(0, ...data.map(({ share }) => share ?? 0));
}
