/** Numbers as reports print them; a share of nothing is a dash. */

/** `10.5%`, with as many digits as tell small shares apart. */
export function percent(share: number | null, digits = 2): string {
  if (share === null) return "–";
  if (share !== 0 && Math.abs(share) < 0.5 * 10 ** -(digits + 2))
    return `<${(10 ** -digits).toFixed(digits)}%`;
  return `${(100 * share).toFixed(digits)}%`;
}

/** `984,192`. */
export function whole(count: number): string {
  return count.toLocaleString("en-US");
}

/** Three digits: `0.0356`, `1.2e-7`, `14,131`. */
export function three(value: number | null): string {
  if (value === null) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return size >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** `+1.50`, `−0.50`: a difference of shares in percentage points. */
export function signedPoints(difference: number): string {
  return `${difference < 0 ? "−" : "+"}${Math.abs(100 * difference).toFixed(2)}`;
}
