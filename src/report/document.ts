/** A report before it is Markdown or HTML: sections of paragraphs, tables and figures. */

export interface ReportTable {
  readonly title?: string;
  readonly columns: readonly { readonly title: string; readonly align?: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
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

export interface ReportSection {
  readonly title: string;
  readonly paragraphs?: readonly string[];
  readonly tables?: readonly ReportTable[];
  readonly figures?: readonly Figure[];
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
