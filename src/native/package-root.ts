/** Where this package lies. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The package's folder, with a slash at the end: the nearest one above this code that has a `package.json`. How far
 * that is depends on where the bundler has put the code.
 */
export const packageRoot: string = rootAbove(new URL("../", import.meta.url));

function rootAbove(folder: URL): string {
  if (existsSync(new URL("package.json", folder))) return fileURLToPath(folder);
  return rootAbove(new URL("../", folder));
}
