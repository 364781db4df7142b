/** One analysis with everything that can be asked for, of the examples' models. */
import { join } from "node:path";
import { type ConflictsReport, conflicts } from "tiesmith";

const TINYLANG = join(import.meta.dirname, "..", "..", "examples", "tinylang");
const RECIPE = join(TINYLANG, "expected", "ties-sv", "recipe.yaml");

export function exampleReport(): Promise<ConflictsReport> {
  const checkpoints = ["ct-x-100", "ct-x-200", "ct-x"].map((name) => join(TINYLANG, "models", name));
  return conflicts(RECIPE, {
    series: { checkpoints, x: [100, 200, 400], xTitle: "steps" },
    slackCurve: true,
    densities: [0.2, 0.6, 1],
  });
}

export const FIGURES = [
  "discarded-by-checkpoint",
  "conflicts-by-checkpoint",
  "conflicts-by-kind",
  "discarded-by-module",
  "slack-curve",
  "discarded-by-density",
  "magnitudes",
  "agreement",
];
