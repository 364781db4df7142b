/** Whether `node_modules` holds what `package-lock.json` asks for. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Compares the lock file with the one that npm leaves in `node_modules`, package by package: times tell nothing
 * after a checkout. Optional packages of other platforms may be absent.
 */
export function isInstalled(root) {
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"));
  const locked = packagesOf(join(root, "package-lock.json"));
  if (installed === null || locked === null) return false;
  return Object.entries(locked).every(([path, { version, optional = false }]) => {
    if (path === "") return true;
    const found = installed[path];
    return found === undefined ? optional : found.version === version && existsSync(join(root, path));
  });
}

function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : null;
}
