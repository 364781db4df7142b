import { describe, expect, it } from "vitest";
import { parseSize } from "../../src/cli/options.ts";
import { resumeCommand } from "../../src/cli/resume-command.ts";
import { refusal } from "../checkpoint/safetensors-builder.ts";

describe("parseSize", () => {
  it.each([
    ["4096", 4096],
    ["500MB", 5e8],
    ["5GB", 5e9],
    ["5 gb", 5e9],
    ["1.5kB", 1500],
    ["2GiB", 2 ** 31],
    ["64MiB", 2 ** 26],
    ["1TB", 1e12],
  ])("%s is %d bytes", (word, bytes) => {
    expect(parseSize(word, "--max-shard-size")).toBe(bytes);
  });

  it.each(["", "GB", "5G", "-5GB", "5GBs", "1e9", "0", "0.1B", "NaN", "9999999TB", "5,5GB"])(
    "refuses %j",
    (word) => {
      const error = refusal(() => parseSize(word, "--max-shard-size"));
      expect(error.code).toBe("USAGE");
      expect(error.message).toContain(`for --max-shard-size, but received ${JSON.stringify(word)}`);
    },
  );
});

describe("resumeCommand", () => {
  it("repeats the command with --resume", () => {
    const command = resumeCommand(["merge", "ties.yaml", "--out", "merged"]);
    expect(command).toBe("tiesmith merge ties.yaml --out merged --resume");
  });

  it("leaves out what contradicts it, and does not repeat itself", () => {
    const command = resumeCommand(["merge", "a.yaml", "--restart", "--resume", "--out", "b"]);
    expect(command).toBe("tiesmith merge a.yaml --out b --resume");
  });

  it("quotes words for a shell", () => {
    expect(resumeCommand(["merge", "my recipe.yaml", "--out", "it's"])).toBe(
      "tiesmith merge 'my recipe.yaml' --out 'it'\\''s' --resume",
    );
  });
});
