/** The README.md of a merged model: front matter that model hubs read, and how it was made. */
import { stringify } from "yaml";
import type { MergePlan } from "../plan/merge-plan.ts";
import { type ModelSummary, modelLabels } from "./manifest.ts";

const METHOD_TITLES: Readonly<Record<string, string>> = {
  linear: "weighted averaging (WAVG)",
  task_arithmetic: "[task arithmetic](https://arxiv.org/abs/2212.04089)",
  ties: "[TIES](https://arxiv.org/abs/2306.01708)",
  ties_sv: "TIES-SV ([TIES](https://arxiv.org/abs/2306.01708) with a slack variable, Tao et al., 2024)",
};

export function modelCard(
  plan: MergePlan,
  facts: { name: string; version: string; languages: readonly string[]; models: readonly ModelSummary[] },
): string {
  const references = [...new Set([plan.base, ...plan.models].flatMap((model) => model?.reference ?? []))];
  const frontMatter = {
    base_model: references,
    ...(facts.languages.length > 0 ? { language: facts.languages } : {}),
    library_name: "transformers",
    tags: ["merge", "tiesmith", plan.method],
    merge_method: plan.method,
  };
  const lines = [
    "---",
    stringify(frontMatter).trimEnd(),
    "---",
    `# ${facts.name}`,
    "",
    `Merged with tiesmith ${facts.version} by ${METHOD_TITLES[plan.method] ?? plan.method}` +
      (plan.base === null ? "." : `, on the base ${code(plan.base.reference)}.`),
    "",
    "## Models",
    "",
    ...modelTable(plan, facts.models),
    "",
    "## Recipe",
    "",
    "```yaml",
    stringify(plan.recipe).trimEnd(),
    "```",
    "",
    "`tiesmith.json` holds the hashes of every tensor, the cuts and the counts; `tiesmith verify` checks them.",
    "",
  ];
  return lines.join("\n");
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

function modelTable(plan: MergePlan, models: readonly ModelSummary[]): string[] {
  const labels = modelLabels(plan.models);
  if (models.length === 0 || models.every((model) => model.parameters === 0))
    return plan.models.map(({ reference }) => `- ${code(reference)}`);
  const percent = (part: number, whole: number) =>
    whole === 0 ? "–" : `${((100 * part) / whole).toFixed(2)} %`;
  return [
    "| task vector | realised density | exactly zero | in conflict | discarded |",
    "|---|---:|---:|---:|---:|",
    ...models.map((model, i) => {
      const { parameters, zero, retained, inConflict, discarded } = model;
      const cells = [
        code(plan.models[i]?.reference ?? labels[i] ?? ""),
        percent(retained, parameters),
        percent(zero, parameters),
        percent(inConflict, retained),
        percent(discarded, retained),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    "Density and zeros are shares of all parameters; conflicts and discarded ones of those retained after trim.",
  ];
}
