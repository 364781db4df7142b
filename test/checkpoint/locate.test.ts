import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hubCacheFolder, isHubId } from "../../src/checkpoint/hub-cache.ts";
import { type LocateOptions, locateModel } from "../../src/checkpoint/locate.ts";
import { refusal, temporaryFolder, withoutRights } from "./safetensors-builder.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A recipe folder, a working folder and an empty hub cache, each apart. */
function places(): { root: string; recipe: string; working: string; hub: string; options: LocateOptions } {
  const root = temporaryFolder();
  const [recipe, working, hub] = ["recipe", "working", "hub"].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [recipe, working, hub]) mkdirSync(folder);
  return {
    root,
    recipe,
    working,
    hub,
    options: { recipeFolder: recipe, workingFolder: working, environment: { HF_HUB_CACHE: hub } },
  };
}

function addSnapshot(hub: string, model: string, reference: string | null): string {
  const folder = join(hub, `models--${model.replace("/", "--")}`);
  const snapshot = join(folder, "snapshots", COMMIT);
  mkdirSync(snapshot, { recursive: true });
  if (reference !== null) {
    mkdirSync(join(folder, "refs", reference, ".."), { recursive: true });
    writeFileSync(join(folder, "refs", reference), COMMIT);
  }
  return snapshot;
}

const locate = (location: string, options: LocateOptions, revision: string | null = null): string =>
  locateModel({ location, revision }, options);

describe("a path", () => {
  it("is looked up beside the recipe first, then in the working folder", () => {
    const { recipe, working, options } = places();
    mkdirSync(join(working, "model"));
    expect(locate("model", options)).toBe(join(working, "model"));
    mkdirSync(join(recipe, "model"));
    expect(locate("model", options)).toBe(join(recipe, "model"));
    expect(locate("./model", { ...options, recipeFolder: null })).toBe(join(working, "model"));
  });
  it("may climb, be absolute, or be a link", () => {
    const { root, recipe, options } = places();
    mkdirSync(join(root, "beside"));
    symlinkSync(join(root, "beside"), join(recipe, "link"));
    expect(locate("../beside", options)).toBe(join(root, "beside"));
    expect(locate(join(root, "beside"), options)).toBe(join(root, "beside"));
    expect(locate("link", options)).toBe(join(recipe, "link"));
  });
  it("wins over the hub cache", () => {
    const { recipe, hub, options } = places();
    addSnapshot(hub, "org/name", "main");
    mkdirSync(join(recipe, "org", "name"), { recursive: true });
    expect(locate("org/name", options)).toBe(join(recipe, "org", "name"));
  });
  it("that leads to a file is refused with the folder as advice", () => {
    const { recipe, options } = places();
    writeFileSync(join(recipe, "model.safetensors"), "");
    expect(refusal(() => locate("model.safetensors", options)).message).toContain(
      `give the folder that holds it: ${recipe}`,
    );
  });
  it("that leads nowhere is refused with every place and the nearest name", () => {
    const { recipe, working, options } = places();
    mkdirSync(join(recipe, "llama-base"));
    const error = refusal(() => locate("./llama-bsae", options));
    expect(error.code).toBe("MODEL_NOT_FOUND");
    expect(error.message).toContain(
      `found none at ${join(recipe, "llama-bsae")}, ${join(working, "llama-bsae")}`,
    );
    expect(error.message).toContain(`did you mean ${join(recipe, "llama-base")}?`);
    expect(error.message).not.toContain("hf download");
  });
  it("with ~ is not expanded, and the message says so", () => {
    expect(refusal(() => locate("~/model", places().options)).message).toContain("~ is not expanded here");
  });
  it.each(["", "a\0b", "x".repeat(5000)])("that no file can have is refused", (location) => {
    expect(refusal(() => locate(location, places().options)).code).toBe("MODEL_NOT_FOUND");
  });
  it("behind a folder that the system forbids is refused as such", () => {
    const { root, recipe, working, options } = places();
    mkdirSync(join(recipe, "secret", "model"), { recursive: true });
    for (const folder of [root, recipe, working]) chmodSync(folder, 0o755);
    chmodSync(join(recipe, "secret"), 0o000);
    const error = withoutRights(() => refusal(() => locate("secret/model", options)));
    chmodSync(join(recipe, "secret"), 0o755);
    expect(error.code).toBe("NO_PERMISSION");
  });
});

describe("a hub id", () => {
  it.each([
    ["main without a revision", null, "main"],
    ["a branch", "dev", "dev"],
    ["a pull request", "refs/pr/1", "refs/pr/1"],
    ["a commit", COMMIT, null],
  ])("is found in the cache at %s", (_, revision, reference) => {
    const { hub, options } = places();
    const snapshot = addSnapshot(hub, "org/name", reference);
    expect(locate("org/name", options, revision)).toBe(snapshot);
  });
  it("may lack an organisation", () => {
    const { hub, options } = places();
    expect(addSnapshot(hub, "gpt2", "main")).toBe(locate("gpt2", options));
  });
  it("that is absent is refused with the places and the command that downloads it", () => {
    const { hub, recipe, options } = places();
    const error = refusal(() => locate("org/name", options));
    expect(error.code).toBe("MODEL_NOT_FOUND");
    expect(error.message).toContain(join(recipe, "org/name"));
    expect(error.message).toContain(`the hub cache ${hub}`);
    expect(error.message).toMatch(/hf download org\/name$/);
  });
  it("that is absent at a revision is refused with that revision in the command", () => {
    const { hub, options } = places();
    addSnapshot(hub, "org/name", "main");
    expect(refusal(() => locate("org/name", options, "v2")).message).toMatch(
      /hf download org\/name --revision v2$/,
    );
  });
  it("with a revision is not a local folder, and the message says so", () => {
    const { recipe, options } = places();
    mkdirSync(join(recipe, "model"));
    expect(refusal(() => locate("model", options, "v2")).message).toContain(
      "has no revisions: leave out @v2",
    );
  });
  it.each(["../../outside", "..", "/etc", "a//b", ""])(
    "does not follow the revision %j out of the cache",
    (revision) => {
      const { hub, options } = places();
      addSnapshot(hub, "org/name", "main");
      writeFileSync(join(hub, "outside"), COMMIT);
      expect(refusal(() => locate("org/name", options, revision)).code).toBe("MODEL_NOT_FOUND");
    },
  );
  it("does not follow a reference that holds a path", () => {
    const { hub, options } = places();
    addSnapshot(hub, "org/name", "main");
    writeFileSync(join(hub, "models--org--name", "refs", "main"), "../..");
    expect(refusal(() => locate("org/name", options)).code).toBe("MODEL_NOT_FOUND");
  });
  it.each(["org/name", "gpt2", "a.b/c-d_e", "meta-llama/Llama-2-7b-hf"])("can be %s", (id) =>
    expect(isHubId(id)).toBe(true),
  );
  it.each(["", "a/b/c", "./a", "../a", "/a", "a/", "~/a", "a b", "a--b/c", "a..b", "a/b.", "-a/b"])(
    "cannot be %j",
    (id) => expect(isHubId(id)).toBe(false),
  );
});

describe("the hub cache is", () => {
  it.each([
    ["HF_HUB_CACHE", { HF_HUB_CACHE: "/a", HF_HOME: "/b", XDG_CACHE_HOME: "/c" }, "/a"],
    ["under HF_HOME", { HF_HOME: "/b", XDG_CACHE_HOME: "/c" }, "/b/hub"],
    ["under XDG_CACHE_HOME", { XDG_CACHE_HOME: "/c", HOME: "/d" }, "/c/huggingface/hub"],
    ["under the home folder", { HOME: "/d" }, "/d/.cache/huggingface/hub"],
    ["under the user's home without HOME", {}, join(homedir(), ".cache/huggingface/hub")],
    ["elsewhere than an empty variable says", { HF_HUB_CACHE: "", HF_HOME: "/b" }, "/b/hub"],
    ["under a home spelt ~", { HF_HOME: "~/hf", HOME: "/d" }, "/d/hf/hub"],
  ])("%s", (_, environment, expected) => {
    expect(hubCacheFolder(environment)).toBe(expected);
  });
});
