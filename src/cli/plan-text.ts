/** A plan as text. */
import type { PlanReport } from "../index.ts";
import { formatBytes, formatWhole, plural } from "./quantities.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./terminal.ts";

const MODEL_COLUMNS: readonly Column[] = [
  { title: "role" },
  { title: "model" },
  { title: "size", align: "right" },
  { title: "files", align: "right" },
  { title: "dtypes" },
];

const PARAMETER_COLUMNS: readonly Column[] = [{ title: "parameter" }, { title: "model" }, { title: "value" }];

/** The plan as text: models, amounts of work, notes, and the explained tensor. */
export function formatPlan(report: PlanReport): string {
  const { method, scope, models, notes } = report;
  const rows = (models ?? []).map(({ role, reference, byteSize, fileCount, dtypes }) => [
    role,
    reference,
    formatBytes(byteSize),
    String(fileCount),
    dtypes.join(", "),
  ]);
  return [
    scope === "model" ? `${method}, cuts over the whole model` : String(method),
    "",
    formatTable(MODEL_COLUMNS, rows),
    "",
    ...amounts(report),
    ...notes.map((note) => `note: ${printable(note)}`),
    ...explanation(report),
  ].join("\n");
}

function amounts(report: PlanReport): string[] {
  const { tensorCount, parameterCount, storedAs, readBytes, writeBytes, shardCount } = report;
  const { peakMemoryBytes, threads, chunksPerThread, freeDiskBytes } = report;
  const bytes = (count: number | null) => (count === null ? "unknown" : formatBytes(count));
  return [
    `merges  ${plural(tensorCount ?? 0, "tensor")}, ${formatWhole(parameterCount ?? 0)} parameters`,
    `reads   ${bytes(readBytes)}`,
    `writes  ${bytes(writeBytes)} as ${(storedAs ?? []).join(", ")} in ${plural(shardCount ?? 0, "file")}`,
    `memory  at most ${bytes(peakMemoryBytes)} with ${plural(threads, "thread")} of ${plural(chunksPerThread ?? 0, "chunk")}, beyond the mapped files`,
    `disk    ${bytes(freeDiskBytes)} free`,
  ];
}

function explanation({ explained }: PlanReport): string[] {
  if (explained === null) return [];
  const { name, shape, storedAs, copied, parameters } = explained;
  const head = `${printable(name)} [${shape.join(", ")}], stored as ${storedAs}`;
  if (copied) return ["", `${head}: copied unchanged`];
  const rows = parameters.map(({ name: parameter, model, value }) => [
    parameter,
    model ?? "all",
    String(value),
  ]);
  return ["", head, "", formatTable(PARAMETER_COLUMNS, rows)];
}
