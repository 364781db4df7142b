import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const SAMPLE_INTERVAL_MS = 20;

/**
 * Asks every Node program to read more certificates at its start (30 ms for those of a Linux distribution), which some
 * systems set and a merge has no use for.
 */
const EXTRA_CERTIFICATES = "NODE_EXTRA_CA_CERTS";

/**
 * The environment of processes that are measured: the bench's own, without what would slow down any Node program.
 *
 * @param {Record<string, string>} added
 */
export function measuredEnvironment(added = {}) {
  const { [EXTRA_CERTIFICATES]: _, ...environment } = process.env;
  return { ...environment, ...added };
}

const running = new Set();

/** Kills the measured processes that still run: for the bench's own end. */
export function killMeasuredProcesses() {
  for (const child of running) child.kill("SIGKILL");
}

/**
 * Runs a command to its end and measures it from outside: wall time from before the spawn until its exit is seen, and
 * peaks sampled from /proc every 20 ms. Bytes read from the disk lack what the last 20 ms added.
 *
 * @param {string[]} command program and arguments
 * @param {Record<string, string>} environment added to the bench's own
 * @returns {Promise<{ seconds: number, rssAnonPeakBytes: number, rssFilePeakBytes: number, diskReadBytes: number, stderr: string }>}
 */
export async function measureProcess(command, environment = {}) {
  const peaks = { rssAnonPeakBytes: 0, rssFilePeakBytes: 0, diskReadBytes: 0 };
  let stderr = "";
  const start = process.hrtime.bigint();
  const child = spawn(command[0], command.slice(1), {
    stdio: ["ignore", "ignore", "pipe"],
    env: measuredEnvironment(environment),
  });
  running.add(child);
  const sampler = setInterval(() => samplePeaks(child.pid, peaks), SAMPLE_INTERVAL_MS);
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  let end = start;
  child.once("exit", () => {
    end = process.hrtime.bigint();
    clearInterval(sampler);
  });
  try {
    const status = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? signal)); // after stderr has ended
    });
    if (status !== 0) throw new Error(`${command.join(" ")} failed (${status}): ${stderr.trim()}`);
  } finally {
    clearInterval(sampler);
    running.delete(child);
  }
  return { seconds: Number(end - start) / 1e9, ...peaks, stderr };
}

function samplePeaks(pid, peaks) {
  const status = readProcFile(pid, "status");
  peaks.rssAnonPeakBytes = Math.max(peaks.rssAnonPeakBytes, 1024 * readField(status, "RssAnon"));
  peaks.rssFilePeakBytes = Math.max(peaks.rssFilePeakBytes, 1024 * readField(status, "RssFile"));
  peaks.diskReadBytes = Math.max(peaks.diskReadBytes, readField(readProcFile(pid, "io"), "read_bytes"));
}

function readProcFile(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return ""; // the process has just ended
  }
}

function readField(text, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}
