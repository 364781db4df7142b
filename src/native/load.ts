/** Finds the addon's binary: a prebuilt one for the platform first, then a local build. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf, TiesmithError } from "../errors.ts";
import { packageRoot } from "./package-root.ts";

const NODE_API_VERSION = 8;

/** Binaries in the order in which they are tried; names as `pkg-prebuilds` writes them. */
function candidates(): string[] {
  const libc = process.platform === "linux" && existsSync("/etc/alpine-release") ? "-musl" : "";
  const platform = `${process.platform}-${process.arch}${libc}`;
  return [
    join(packageRoot, "prebuilds", `tiesmith-${platform}`, `node-napi-v${NODE_API_VERSION}.node`),
    join(packageRoot, "build", "Release", "tiesmith.node"),
  ];
}

/**
 * Loads the first binary that is there.
 * @throws {TiesmithError} `ADDON_MISSING`, telling what was looked for and the one command that builds it
 */
export function loadAddon(): unknown {
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const path of candidates()) {
    if (!existsSync(path)) {
      tried.push(`${path} (not there)`);
      continue;
    }
    try {
      return require(path);
    } catch (error) {
      tried.push(`${path} (${messageOf(error)})`);
    }
  }
  throw new TiesmithError(
    "ADDON_MISSING",
    `Expected the native addon for ${process.platform}-${process.arch}, but found none that loads. ` +
      `Looked for: ${tried.join("; ")}. Build it with: cd ${packageRoot} && npm install && npm run build:native`,
    { tried },
  );
}
