/** A comparison of two models as text. */
import type { DiffReport } from "../index.ts";
import { formatMagnitude, formatShare, formatWhole, plural } from "./quantities.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./terminal.ts";

/** With shares in one digit, the longest tensor name of a Llama with up to 100 layers fits 80 columns. */
const COLUMNS: readonly Column[] = [
  { title: "tensor" },
  { title: "differ", align: "right" },
  { title: "max abs", align: "right" },
  { title: "rel L2", align: "right" },
  { title: "signs", align: "right" },
];

type TensorDifference = DiffReport["tensors"][number];

/** The comparison as text: the tensors that differ, what else is to be known of single ones, and the totals. */
export function formatDiff(report: DiffReport): string {
  const differing = report.tensors.filter(({ status }) => status === "differs");
  const remarks = report.tensors.flatMap(remarksOn).map(printable);
  return [
    ...(differing.length > 0 ? [formatTable(COLUMNS, differing.map(row)), ""] : []),
    ...(remarks.length > 0 ? [...remarks, ""] : []),
    ...totals(report),
  ].join("\n");
}

function row({
  name,
  elementCount,
  differing,
  maxAbsolute,
  relativeL2,
  signAgreement,
}: TensorDifference): string[] {
  return [
    name,
    formatShare(differing ?? 0, elementCount, 1),
    maxAbsolute === null ? "–" : formatMagnitude(maxAbsolute),
    relativeL2 === null ? "–" : formatMagnitude(relativeL2),
    formatShare(signAgreement ?? 0, 1, 1),
  ];
}

function remarksOn(tensor: TensorDifference): string[] {
  const { name, status, dtypeA, dtypeB, shapeA, shapeB, notFinite } = tensor;
  switch (status) {
    case "onlyA":
      return [`${name}: only in a`];
    case "onlyB":
      return [`${name}: only in b`];
    case "shape":
      return [`${name}: [${shapeA?.join(", ")}] in a, [${shapeB?.join(", ")}] in b`];
    case "incomparable":
      return [`${name}: other bytes (${dtypeA} in a, ${dtypeB} in b)`];
    default:
      return notFinite ? [`${name}: NaN or Inf at ${plural(notFinite, "element")} of a or b`] : [];
  }
}

function totals({ identical, totals: all, tensors }: DiffReport): string[] {
  if (identical) return [`identical: ${plural(all.tensorCount, "tensor")}, byte for byte`];
  const equal = all.equal > 0 ? [`${all.equal} equal in other bytes`] : [];
  const counts = [`${all.identical} identical`, ...equal, `${all.differing} different`];
  const dtypes = dtypeChanges(tensors);
  return [
    `${plural(all.tensorCount, "tensor")}: ${counts.join(", ")}`,
    `${formatWhole(all.differingParameters)} of ${plural(all.parameters, "parameter")} differ ` +
      `(${formatShare(all.differingParameters, all.parameters)})`,
    `max abs ${formatMagnitude(all.maxAbsolute)}, ` +
      `rel L2 ${all.relativeL2 === null ? "–" : formatMagnitude(all.relativeL2)}, ` +
      `same sign ${formatShare(all.signAgreement, 1)}`,
    ...(dtypes.length > 0 ? [`dtypes: ${dtypes.join(", ")}`] : []),
  ];
}

/** `BF16 → F32 in 291 tensors`, for every such change. */
function dtypeChanges(tensors: readonly TensorDifference[]): string[] {
  const counts = new Map<string, number>();
  for (const { dtypeA, dtypeB } of tensors) {
    if (dtypeA === null || dtypeB === null || dtypeA === dtypeB) continue;
    const change = `${dtypeA} → ${dtypeB}`;
    counts.set(change, (counts.get(change) ?? 0) + 1);
  }
  return [...counts].map(([change, count]) => `${change} in ${plural(count, "tensor")}`);
}
