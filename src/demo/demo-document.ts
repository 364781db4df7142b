/** The demonstration as a document. */
import type { Cell, ReportDocument, ReportSection } from "../report/document.ts";
import { scoreSections } from "../report/score-sections.ts";
import { type SearchExtras, searchSections } from "../report/search-document.ts";
import type { DemoResults, Finding } from "./results.ts";

const MARKS: Readonly<Record<Finding["verdict"], string>> = {
  shown: "✓ shown",
  "not shown": "✗ not shown",
  undecided: "? undecided",
};

export function demoDocument(results: DemoResults, extras: SearchExtras): ReportDocument {
  const { findings, search, trajectory, languages } = results;
  const count = (verdict: Finding["verdict"]) => findings.filter((own) => own.verdict === verdict).length;
  const [scores, rest] = split(searchSections(search, { ...extras, trajectory }));
  return {
    title: "Merging for a language with little data: a demonstration",
    lead: [
      "A model that went on training on texts of language X (ct-x) is merged with one that was tuned on tasks in another language (sft). Weighted averaging (WAVG), TIES and TIES-SV are tuned on dev rows of X and compared on its test rows with what they were made of, and with tuning ct-x on the tasks (CT-then-SFT: ctsft-x).",
      `Of ${findings.length} findings of the paper these measurements show ${count("shown")}, do not show ${count("not shown")}, and leave ${count("undecided")} open.`,
    ],
    sections: [findingsSection(results), ...scores, ...languageSections(languages), ...rest],
  };
}

/** The scores on test come first, then two languages, then the rest of the search. */
function split(sections: readonly ReportSection[]): [ReportSection[], ReportSection[]] {
  const isScore = ({ title }: ReportSection) => title.startsWith("Scores") || title.startsWith("Average");
  return [sections.filter(isScore), sections.filter((section) => !isScore(section))];
}

function findingsSection({ findings, caveats }: DemoResults): ReportSection {
  return {
    title: "What of the paper it shows",
    paragraphs: [
      ...caveats,
      "Differences are of averages on the same test rows, in percentage points with 95 % intervals: shown where the interval lies on the paper's side, not shown where it lies on the other, undecided where it holds zero. Several findings are tested at once, so that one or another may come out by chance.",
      ...findings.map(
        ({ paper, where, verdict, measured }) => `${MARKS[verdict]}: ${paper} (${where}). ${measured}.`,
      ),
    ],
    tables: [
      {
        columns: ["here", "finding", "in the paper"].map((title) => ({ title })),
        rows: findings.map(({ paper, where, verdict }): Cell[] => [
          { text: MARKS[verdict], rank: verdict === "shown" ? 1 : undefined },
          paper,
          where,
        ]),
      },
    ],
  };
}

function languageSections(languages: DemoResults["languages"]): ReportSection[] {
  return scoreSections(languages, "languages").map((section) => ({
    ...section,
    title: `Two languages in one model: ${section.title.replace("Scores: ", "tasks in ").replace("Average", "average")}`,
  }));
}
