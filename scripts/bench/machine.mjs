import os from "node:os";

/** What a figure must be read with: processor, cores, memory, kernel, node. */
export function describeMachine() {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? "unknown CPU",
    coreCount: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
  };
}

/** The same in one line. */
export function formatMachine({ cpu, coreCount, memoryBytes, kernel, node }) {
  return `${cpu}, ${coreCount} cores, ${(memoryBytes / 1e9).toFixed(1)} GB of memory, ${kernel}, node ${node}`;
}
