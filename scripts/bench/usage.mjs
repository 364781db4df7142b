import { readFileSync } from "node:fs";

/** Prints the comment at the head of a script. */
export function printUsage(url) {
  const source = readFileSync(new URL(url), "utf8");
  console.log(source.slice(source.indexOf("/*") + 3, source.indexOf("*/")).trimEnd());
}
