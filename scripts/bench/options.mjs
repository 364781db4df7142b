import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { METHOD_NAMES } from "./recipes.mjs";

const CLI = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../dist/cli/main.cjs");

const FLAGS = {
  parameters: { type: "string", default: "1.1e9" },
  threads: { type: "string", default: String(os.availableParallelism()) },
  runs: { type: "string", default: "5" },
  mode: { type: "string", default: "both" },
  methods: { type: "string", default: METHOD_NAMES.join(",") },
  scope: { type: "string", default: "tensor" },
  dtype: { type: "string", default: "bf16" },
  memory: { type: "string" },
  disk: { type: "string" },
  cgroup: { type: "string" },
  folder: { type: "string", default: path.join(os.tmpdir(), "tiesmith-bench") },
  json: { type: "string" },
  command: { type: "string" },
  verbose: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

/**
 * Reads and checks the bench's command line; throws an error whose message is meant for the user.
 *
 * @param {string[]} argv
 * @param {Record<string, { type: "string", default?: string }>} own flags of one script; their values are in `own`
 */
export function parseOptions(argv, own = {}) {
  const { values } = parseArgs({ args: argv, options: { ...FLAGS, ...own } });
  const { memory, disk, cgroup } = values;
  if (memory !== undefined && values.mode !== "cold")
    throw new Error("Expected --mode cold with --memory: what others have read stays in the page cache");
  if (memory !== undefined && disk !== undefined)
    throw new Error("Expected --memory or --disk, but received both: each has a control group of its own");
  return {
    own: Object.fromEntries(Object.keys(own).map((name) => [name, values[name]])),
    parameterCount: parsePositive("--parameters", values.parameters),
    threadCounts: parseCounts("--threads", values.threads),
    runCount: parseWhole("--runs", values.runs),
    modes:
      values.mode === "both"
        ? ["warm", "cold"]
        : [expectOneOf("--mode", values.mode, ["warm", "cold", "both"])],
    methods: values.methods.split(",").map((name) => expectOneOf("--methods", name, METHOD_NAMES)),
    scope: expectOneOf("--scope", values.scope, ["tensor", "model"]),
    dtype: expectOneOf("--dtype", values.dtype, ["bf16", "f32"]),
    memoryBytes: memory === undefined ? null : parseWhole("--memory", memory),
    diskSpeed: disk === undefined ? null : parseDiskSpeed(disk),
    cgroup,
    folder: path.resolve(values.folder),
    jsonFile: values.json,
    command: values.help ? [] : (values.command?.split(" ").filter(Boolean) ?? findCli()),
    verbose: values.verbose,
    help: values.help,
  };
}

function findCli() {
  if (!existsSync(CLI))
    throw new Error(`Expected the built CLI at ${CLI}, but it is missing; run npm run build`);
  return [process.execPath, CLI];
}

/** Whole numbers above 0, with commas between them. */
export function parseCounts(flag, text) {
  return text.split(",").map((one) => parseWhole(flag, one));
}

/** "1.7e9,1.6e9": bytes per second read and written. */
function parseDiskSpeed(text) {
  const speeds = parseCounts("--disk", text);
  if (speeds.length !== 2)
    throw new Error(`Expected two speeds for --disk, as in 1.7e9,1.6e9, but received ${text}`);
  const [readBytes, writeBytes] = speeds;
  return { readBytes, writeBytes };
}

function parsePositive(flag, text) {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) {
    throw new Error(`Expected a positive number for ${flag}, but received ${text}`);
  }
  return value;
}

function parseWhole(flag, text) {
  const value = parsePositive(flag, text);
  if (!Number.isInteger(value)) throw new Error(`Expected a whole number for ${flag}, but received ${text}`);
  return value;
}

function expectOneOf(flag, value, allowed) {
  if (!allowed.includes(value)) {
    throw new Error(`Expected ${flag} of ${allowed.join(", ")}, but received ${value}`);
  }
  return value;
}
