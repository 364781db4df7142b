/** The version of this package, from its `package.json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./native/package-root.ts";

export const VERSION: string = (
  JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }
).version;
