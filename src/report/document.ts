/** A report before it is Markdown or HTML: sections of paragraphs, figures, tables, recipes and rows to look through. */

/** A table's cell; ranked ones are bold (the best) or underlined (the second), as in the paper's tables. */
export type Cell = string | { readonly text: string; readonly rank?: 1 | 2 | undefined };

export interface ReportTable {
  readonly title?: string;
  readonly columns: readonly { readonly title: string; readonly align?: "left" | "right" }[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One value of a figure's data: what its CSV holds. */
export type Datum = Readonly<Record<string, number | string | null>>;

export interface Figure {
  /** In lower case with hyphens: the name of its files. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen in it, in a sentence or two. */
  readonly caption: string;
  readonly data: readonly Datum[];
  /** A Vega-Lite specification without data, for a width in pixels; colours are those of `theme.ts`. */
  readonly spec: (width: number) => object;
}

/** Text to copy, such as a recipe. */
export interface CodeBlock {
  readonly title: string;
  readonly language: string;
  readonly text: string;
}

/** Rows that several models have answered, to be filtered by who was right. Markdown leaves them out. */
export interface RowBrowser {
  readonly title: string;
  readonly models: readonly string[];
  readonly rows: readonly BrowsedRow[];
}

export interface BrowsedRow {
  readonly label: string;
  readonly text: string;
  readonly expected: string;
  /** One a model, in their order. */
  readonly answers: readonly { readonly correct: boolean; readonly text: string }[];
}

/** What a section has is shown in this order. */
export interface ReportSection {
  readonly title: string;
  readonly paragraphs?: readonly string[];
  readonly figures?: readonly Figure[];
  readonly tables?: readonly ReportTable[];
  readonly code?: readonly CodeBlock[];
  readonly browsers?: readonly RowBrowser[];
}

export interface ReportDocument {
  readonly title: string;
  readonly lead: readonly string[];
  readonly sections: readonly ReportSection[];
}

/** Every figure of a document, in order. */
export function figuresOf({ sections }: ReportDocument): Figure[] {
  return sections.flatMap(({ figures = [] }) => figures);
}

/** A column of numbers. */
export const right = (title: string) => ({ title, align: "right" as const });
