/**
 * What piscina loads in a thread. It requires the file before it imports it, and a thread that is ended while it
 * requires an ES module can end the process (Node 20: "IsGraphAsync must be used on an instantiated module"). So
 * this is CommonJS, and imports the worker.
 */
import type { Batch, BatchAnswer } from "./operations.ts" with { "resolution-mode": "import" };

const loaded = import("./worker.ts");

module.exports = async (batch: Batch): Promise<BatchAnswer> => (await loaded).default(batch);
