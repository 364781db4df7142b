/** node-llama-cpp, an optional peer: llama.cpp in npm packages. */
import type { Llama, LlamaModel } from "node-llama-cpp";
import { messageOf, TiesmithError } from "../errors.ts";

export type LlamaPackage = typeof import("node-llama-cpp");

/** @throws {TiesmithError} `BACKEND_UNAVAILABLE` with the command that installs it */
export async function loadLlamaPackage(): Promise<LlamaPackage> {
  try {
    return await import("node-llama-cpp");
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    const found = isAbsent ? "it is not installed" : messageOf(error);
    throw new TiesmithError(
      "BACKEND_UNAVAILABLE",
      `Expected the package node-llama-cpp for --backend llama, but ${found}; install it with: npm install node-llama-cpp`,
    );
  }
}

/** llama.cpp on the CPU, from what is installed: nothing is downloaded and nothing is built. */
export async function openLlama({ getLlama, LlamaLogLevel }: LlamaPackage): Promise<Llama> {
  try {
    return await getLlama({
      gpu: false,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.fatal,
    });
  } catch (error) {
    throw new TiesmithError(
      "BACKEND_UNAVAILABLE",
      `Expected node-llama-cpp to have a binary for ${process.platform}-${process.arch}, but ${messageOf(error)}`,
    );
  }
}

/** @throws {TiesmithError} `BACKEND_FAILED` naming the file */
export async function loadLlamaModel(llama: Llama, path: string): Promise<LlamaModel> {
  try {
    return await llama.loadModel({ modelPath: path });
  } catch (error) {
    throw new TiesmithError("BACKEND_FAILED", `llama.cpp could not load ${path}: ${messageOf(error)}`, {
      path,
    });
  }
}
