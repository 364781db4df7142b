/**
 * Colours of figures, in a light and a dark scheme. Figures are drawn once, in the light ones; in a page each of these
 * becomes a CSS variable, so that they must differ from each other and from every other colour.
 */

interface Scheme {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly won: string;
  readonly lost: string;
  readonly first: string;
  readonly second: string;
  readonly third: string;
  readonly fourth: string;
}

/** On white paper; what figures are drawn in. */
export const LIGHT: Scheme = {
  paper: "#fffffe",
  ink: "#1b1f24",
  muted: "#57606b",
  line: "#d5dae1",
  won: "#1697a6",
  lost: "#d99000",
  first: "#2f6fd0",
  second: "#c4446a",
  third: "#3c8f4a",
  fourth: "#8452b8",
};

/** On dark paper: the same roles. */
export const DARK: Scheme = {
  paper: "#14171b",
  ink: "#e9edf1",
  muted: "#a3adb8",
  line: "#39414b",
  won: "#2fb8c8",
  lost: "#f0b429",
  first: "#79a9f5",
  second: "#ec7c9c",
  third: "#74c583",
  fourth: "#b895e6",
};

/** The models of a figure, in recipe order; further ones begin anew. */
export const MODEL_COLOURS = [LIGHT.first, LIGHT.second, LIGHT.third, LIGHT.fourth];

/** The same and more, where a figure has many groups. */
export const SERIES_COLOURS = [...MODEL_COLOURS, LIGHT.won, LIGHT.lost];

/** Shares from none to the largest: readable on light and dark paper, and for the colour-blind (after viridis). */
export const RAMP = ["#3b2a6e", "#33638d", "#1f958b", "#6cc24f", "#f4e04d"];

/** Axes of shares. */
export const PERCENT_AXIS = { format: "~%", tickCount: 5 };

/** The style sheet's variables of a scheme. */
export function schemeVariables(scheme: Scheme): string {
  return Object.entries(scheme)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(" ");
}

/** An SVG whose colours are the page's variables. */
export function withVariables(svg: string): string {
  return Object.entries(LIGHT).reduce(
    (text, [name, colour]) => text.replaceAll(`"${colour}"`, `"var(--${name})"`),
    svg,
  );
}
