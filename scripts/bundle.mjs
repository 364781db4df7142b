/**
 * Bundles src/ into dist/: a command then loads a handful of files instead of a hundred and fifty, and the package
 * needs nothing beside it. The files are CommonJS, which Node loads faster (measured: 10 ms for the command line,
 * 15 ms for a worker), with an ECMAScript module for `import "tiesmith"`. What package.json lists in `dependencies` stays outside; development packages that the
 * sources import become part of the bundle, and their licences are collected in dist/LICENSES.txt.
 *
 * Names are kept as they are, so that stacks can be read. Types are made by tsc (tsconfig.build.json).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { rolldown } from "rolldown";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const piscina = dirname(createRequire(import.meta.url).resolve("piscina"));

/** piscina starts its threads with the file `worker.js` beside itself. */
const renamePiscinaWorker = {
  name: "rename-piscina-worker",
  transform: {
    filter: { id: /\/piscina\/dist\/index\.js$/ },
    handler(code) {
      const renamed = code.replace("__dirname, 'worker.js'", "__dirname, 'piscina-worker.cjs'");
      if (renamed === code)
        throw new Error("Expected piscina to name its worker file, but found another text");
      return renamed;
    },
  },
};

const options = {
  cwd: root,
  platform: "node",
  tsconfig: false,
  input: {
    "cli/main": "src/cli/main.ts",
    index: "src/index.ts",
    "execute/worker": "src/execute/worker.ts",
    "execute/digest-worker": "src/execute/digest-worker.ts",
    "search/search-worker": "src/search/search-worker.ts",
    "chunks/piscina-worker": join(piscina, "worker.js"),
  },
  // piscina's own optional dependency, for an option that is not used.
  external: [...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }), "@napi-rs/nice"],
  plugins: [renamePiscinaWorker],
  // Our modules only define things, so that who imports one function of the API does not load the rest.
  treeshake: {
    moduleSideEffects: [
      { test: /\/src\/(?!cli\/main|execute\/(?:digest-)?worker|search\/search-worker)/, sideEffects: false },
    ],
  },
};

/**
 * The chunks that a merge loads before it starts its threads (`threads`), and those that both a worker and the rest
 * need. Left alone, the bundler would join them with the planner and its YAML, which load while the threads do.
 */
const groups = [
  { name: "errors", test: /\/src\/(errors|dtypes)\.ts/, priority: 3 },
  { name: "addon", test: /\/src\/(native\/|version)/, priority: 2 },
  { name: "piscina-common", test: /\/piscina\/dist\/(common|symbols)\.js/, priority: 2 },
  { name: "trace", test: /\/src\/execute\/(trace|timers)\.ts/, priority: 2 },
  { name: "threads", test: /\/src\/(memory-budget|execute\/(merge|with-pool|pool))\.ts/, priority: 1 },
  { name: "commander", test: /\/node_modules\/commander\//, priority: 1 },
  { name: "yaml", test: /\/node_modules\/yaml\//, priority: 1 },
];

/** The packages' folders, by the modules that went into the output. */
function bundledPackages(chunks) {
  const folders = chunks
    .flatMap((chunk) => chunk.moduleIds)
    .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id) ?? []);
  return [...new Set(folders)].sort();
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`Expected a licence file in ${folder}, but found none`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

const bundle = await rolldown(options);
rmSync(dist, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: dist,
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "chunks/[name].cjs",
  codeSplitting: { groups },
});
await bundle.close();
const { exports: names } = output.find(({ fileName }) => fileName === "index.cjs");
const facade = `import api from "./index.cjs";\nexport const { ${names.join(", ")} } = api;\n`;
writeFileSync(join(dist, "index.js"), facade);
const rule = `\n${"-".repeat(72)}\n`;
const heading = "The JavaScript in this folder contains code of these packages.\n";
writeFileSync(join(dist, "LICENSES.txt"), [heading, ...bundledPackages(output).map(licenceOf)].join(rule));
