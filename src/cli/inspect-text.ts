/** A model folder as text. */
import type { ModelReport } from "../index.ts";
import { formatBytes, formatCount, formatWhole, plural } from "./quantities.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./terminal.ts";

const SHARD_COLUMNS: readonly Column[] = [
  { title: "#", align: "right" },
  { title: "file" },
  { title: "size", align: "right" },
  { title: "tensors", align: "right" },
];

const TENSOR_COLUMNS: readonly Column[] = [
  { title: "tensor" },
  { title: "dtype" },
  { title: "shape" },
  { title: "file", align: "right" },
];

/** The report as text: totals, then the files, then every tensor with the number of its file. */
export function formatModel(report: ModelReport): string {
  const { shards, tensors, notes } = report;
  const files = shards.map(({ name, byteSize, tensorCount }, i) => [
    String(i + 1),
    name,
    formatBytes(byteSize),
    formatWhole(tensorCount),
  ]);
  const fileNumbers = new Map(shards.map(({ name }, i) => [name, String(i + 1)]));
  const rows = tensors.map(({ name, dtype, shape, shard }) => [
    name,
    dtype,
    `[${shape.join(", ")}]`,
    fileNumbers.get(shard) ?? "",
  ]);
  return [
    ...head(report),
    ...notes.map((note) => `note: ${printable(note)}`),
    "",
    formatTable(SHARD_COLUMNS, files),
    "",
    formatTable(TENSOR_COLUMNS, rows),
  ].join("\n");
}

function head({ folder, tensorCount, parameterCount, byteSize, dtypes, config }: ModelReport): string[] {
  const parts = Object.entries(dtypes).map(([dtype, count]) => `${dtype} ${formatCount(count)}`);
  const amounts = `${plural(tensorCount, "tensor")}, ${formatWhole(parameterCount)} parameters, ${formatBytes(byteSize)}`;
  return [
    printable(folder),
    `${amounts} (${parts.join(", ")})`,
    ...(config === null ? [] : [architecture(config)]),
  ];
}

function architecture(config: NonNullable<ModelReport["config"]>): string {
  const { modelType, architectures, layerCount, vocabSize, tieWordEmbeddings } = config;
  const facts = [
    architectures?.join(", ") || modelType,
    layerCount == null ? null : plural(layerCount, "layer"),
    vocabSize == null ? null : `vocabulary of ${formatWhole(vocabSize)}`,
    tieWordEmbeddings ? "tied word embeddings" : null,
  ];
  return printable(facts.filter((fact) => fact).join(", "));
}
