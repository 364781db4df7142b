/** Numbers as people read them. Decimal units: 1 GB is 1e9 bytes, as disks and model cards count. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;
const COUNT_UNITS = ["", " K", " M", " B", " T"] as const;

/** `2.20 GB`, with three digits. */
export function formatBytes(bytes: number): string {
  const [value, unit] = scale(bytes, BYTE_UNITS.length);
  return `${value} ${BYTE_UNITS[unit]}`;
}

/** `1.10 B`: a count with three digits, for tables. */
export function formatCount(count: number): string {
  const [value, unit] = scale(count, COUNT_UNITS.length);
  return `${value}${COUNT_UNITS[unit]}`;
}

/** `1,100,048,384`: a count in full. */
export function formatWhole(count: number): string {
  // toLocaleString would do, but for the 25 ms that it takes to load its tables.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `1 tensor`, `1,291 tensors`. */
export function plural(count: number, noun: string): string {
  return `${formatWhole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1.23 GB/s`, small rates in small units; a dash where no time has passed. */
export function formatRate(bytes: number, seconds: number): string {
  if (seconds <= 0) return "– GB/s";
  const rate = bytes / seconds;
  return rate < 1e7 ? `${formatBytes(Math.round(rate))}/s` : `${(rate / 1e9).toFixed(2)} GB/s`;
}

/**
 * A part as a percentage of a whole, rounded towards the middle: only none is `0%` and only all is `100%`, so that
 * one differing parameter in a billion does not vanish.
 */
export function formatShare(part: number, whole: number, digits = 2): string {
  if (whole === 0 || Number.isNaN(part)) return "–";
  if (part === 0) return "0%";
  if (part === whole) return "100%";
  const step = 10 ** -digits;
  const percent = (100 * part) / whole;
  if (percent < step) return `<${step.toFixed(digits)}%`;
  return `${Math.min(percent, 100 - step).toFixed(digits)}%`;
}

/** `0.42 s`, `12 s`, `3 min 05 s`, `2 h 07 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95 && !Number.isInteger(seconds)) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [high, low, units] =
    whole < 3600
      ? [Math.floor(whole / 60), whole % 60, ["min", "s"]]
      : [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), ["h", "min"]];
  return `${high} ${units[0]} ${String(low).padStart(2, "0")} ${units[1]}`;
}

/** `1.2e-4`, `0.25`: three digits at most. */
export function formatMagnitude(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  if (value >= 0.01 && value < 1000) return String(Number(value.toPrecision(3)));
  return value.toExponential(1);
}

/** The value with three digits, and the index of its unit in steps of a thousand. */
function scale(value: number, unitCount: number): [text: string, unit: number] {
  if (value < 1000) return [String(value), 0];
  let [scaled, unit] = [value, 0];
  // 999.5 would round to 1000.
  while (scaled >= 999.5 && unit < unitCount - 1) [scaled, unit] = [scaled / 1000, unit + 1];
  const digits = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  return [scaled.toFixed(digits), unit];
}
