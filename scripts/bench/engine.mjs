import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const BUILD = path.join(REPOSITORY, "build/bench/engine");

/**
 * Modules of the engine that the package does not export, all of one copy.
 *
 * @param {string[]} modules their files below src, e.g. "execute/merge-tensors.ts"
 * @returns {Promise<Record<string, any>>} what they export, together
 */
export async function loadEngine(modules) {
  const input = Object.fromEntries(
    modules.map((file) => [file.replace(/\.ts$/, ""), path.join(REPOSITORY, "src", file)]),
  );
  const bundle = await rolldown({ cwd: REPOSITORY, platform: "node", input, external: /^[a-z@]/ });
  const { output } = await bundle.write({ dir: BUILD, format: "es", entryFileNames: "[name].mjs" });
  await bundle.close();
  const files = output.filter(({ isEntry }) => isEntry).map(({ fileName }) => path.join(BUILD, fileName));
  const loaded = await Promise.all(files.map((file) => import(pathToFileURL(file).href)));
  return Object.assign({}, ...loaded);
}
