// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what recipes hold
/** Variables in a recipe's text. */
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { maskVariables, substitute, unmaskVariables, variablesIn } from "../../src/search/variables.ts";

describe("a variable", () => {
  it("becomes its value, and the rest of the text stays", () => {
    const text = "# why\ndensity: ${k}  # kept\nmodel: runs/ct-${step}\n";
    expect(substitute(text, { k: 0.2, step: 400 })).toBe("# why\ndensity: 0.2  # kept\nmodel: runs/ct-400\n");
  });

  it("in quotes of its own loses them, so that it can be a number inside of braces", () => {
    const text = `{ density: "\${k}", normalize: '\${n}', model: "ct-\${k}" }`;
    expect(parse(substitute(text, { k: 0.2, n: false }))).toEqual({
      density: 0.2,
      normalize: false,
      model: "ct-0.2",
    });
  });

  it("that has no value stays as it is", () => {
    expect(substitute("density: ${k}", {})).toBe("density: ${k}");
  });

  it("is found with its line", () => {
    expect(variablesIn("a: ${x}\n\nb: [${y}, ${ z }]")).toEqual([
      { name: "x", line: 1 },
      { name: "y", line: 3 },
      { name: "z", line: 3 },
    ]);
  });

  it("may stand inside of braces of YAML while it is masked", () => {
    const masked = parse(maskVariables("{ parameters: { density: ${k} }, model: ct-${step} }"));
    expect(unmaskVariables(stringify(masked))).toBe("parameters:\n  density: ${k}\nmodel: ct-${step}\n");
  });
});
