/** docs/low-resource.md: every command of the guide runs, one after the other, on the small models and a few rows. */
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { startLlamaServer } from "../evaluate/llama-server.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";
import { ROOT } from "./packed-project.ts";

const MAIN = join(ROOT, "dist", "cli", "main.cjs");
/** Of each file of data, so that the guide runs in a minute. */
const ROWS = 5;
const guide = readFileSync(join(ROOT, "docs", "low-resource.md"), "utf8");

const blocks = (language: string) =>
  [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = ""]) =>
    name === language ? [text] : [],
  );

/** A working folder as the guide has it. */
function workingFolder(): string {
  const folder = temporaryFolder();
  symlinkSync(join(TINYLANG, "models"), join(folder, "models"));
  cpSync(join(TINYLANG, "tasks"), join(folder, "tasks"), { recursive: true });
  mkdirSync(join(folder, "data/X"), { recursive: true });
  for (const name of readdirSync(join(TINYLANG, "data/X"))) {
    const text = readFileSync(join(TINYLANG, "data/X", name), "utf8");
    const header = name.startsWith("tc") ? 1 : 0;
    const cut = name.endsWith(".json")
      ? JSON.stringify(JSON.parse(text).slice(0, ROWS))
      : text
          .split("\n")
          .slice(0, ROWS + header)
          .join("\n");
    writeFileSync(join(folder, "data/X", name), `${cut}\n`);
  }
  for (const text of blocks("yaml")) {
    const [, name = ""] = /^# (\S+\.yaml)\n/.exec(text) ?? [];
    expect(name, text).not.toBe("");
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Runs a line of the guide; not spawnSync, since the server that it may ask is in this process. */
function run(line: string, folder: string, url: string): Promise<string> {
  const [command = "", file] = line.split(/\s+>\s+/);
  const words = [...command.replace("http://localhost:8000/v1", url).matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain = ""]) => quoted ?? plain,
  );
  expect(words.slice(0, 2)).toEqual(["npx", "tiesmith"]);
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...words.slice(2)], { cwd: folder }, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(`${line}\n${stdout}${stderr}`));
      if (file !== undefined) writeFileSync(join(folder, file), stdout);
      resolve(stdout);
    });
  });
}

it("the guide's commands run, and write what it says", async () => {
  const folder = workingFolder();
  const server = await startLlamaServer(join(TINYLANG, "models/sft"));
  const lines = blocks("sh").flatMap((block) => block.replaceAll("\\\n", " ").trim().split("\n"));
  expect(lines.length).toBeGreaterThan(12);
  // The demonstration has a test of its own, which takes a minute.
  for (const line of lines.filter((own) => !own.includes("tiesmith demo")))
    await run(line, folder, server.url);
  const written = ["conflicts", "baselines", "report", "trajectory", "results"].map(
    (name) => `${name}/report.html`,
  );
  for (const path of [...written, "merged/tiesmith.json", "merged.gguf", "best.yaml"])
    expect(existsSync(join(folder, path)), path).toBe(true);
}, 600_000);

it("the guide's links lead somewhere", () => {
  const links = [...guide.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = ""]) => path);
  expect(links.length).toBeGreaterThan(5);
  for (const path of links) expect(existsSync(join(ROOT, "docs", path)), path).toBe(true);
});
