/** Methods: their names, defaults and the arithmetic that their parameters resolve to. */
import { describe, expect, it } from "vitest";
import type { ParameterSpec, ParameterValues } from "../../src/methods/method.ts";
import { methodNamed, methods } from "../../src/methods/registry.ts";

/** A method's defaults, with some values set; numbers per model are the same for two models. */
function valuesOf(
  parameters: readonly ParameterSpec[],
  set: Readonly<Record<string, unknown>>,
): ParameterValues {
  const value = (name: string) => {
    const spec = parameters.find((one) => one.name === name);
    if (spec === undefined) throw new Error(`the method does not declare ${name}`);
    return set[name] ?? spec.default;
  };
  return {
    number: (name) => value(name) as number,
    boolean: (name) => value(name) as boolean,
    choice: (name) => value(name) as string,
    numbers: (name) => [value(name) as number, value(name) as number],
    priority: 1,
  };
}

function arithmeticOf(name: string, set: Readonly<Record<string, unknown>> = { weight: 1 }) {
  const method = methodNamed(name);
  return method?.arithmetic(valuesOf(method.parameters, set));
}

describe("the registry", () => {
  it("has the methods of the paper, under mergekit's names", () => {
    expect(methods.map(({ name }) => name)).toEqual(["linear", "task_arithmetic", "ties", "ties_sv"]);
    expect(methodNamed("slerp")).toBe(undefined);
  });

  it("declares every parameter once, with a default or as required, except filters of `priority`", () => {
    for (const { name, parameters } of methods) {
      const names = parameters.map((parameter) => parameter.name);
      expect(new Set(names).size, name).toBe(names.length);
      for (const { type, default: byDefault, required, choices } of parameters) {
        if (type === "ignored" || type === "model") continue;
        expect(byDefault !== undefined || required === true).toBe(true);
        if (type === "choice") expect(choices).toContain(byDefault);
      }
    }
  });

  it("needs a base for everything but averages", () => {
    expect(methods.filter(({ base }) => base === "ignored").map(({ name }) => name)).toEqual(["linear"]);
  });
});

describe("the defaults are mergekit's:", () => {
  it("linear", () => {
    expect(arithmeticOf("linear")).toEqual({ kind: "linear", weights: [1, 1], normalize: true });
  });

  it("task arithmetic", () => {
    expect(arithmeticOf("task_arithmetic")).toEqual({
      kind: "task",
      weights: [1, 1],
      lambda: 1,
      normalize: false,
    });
  });

  it("TIES", () => {
    expect(arithmeticOf("ties")).toEqual({
      kind: "ties",
      weights: [1, 1],
      densities: [1, 1],
      lambda: 1,
      normalize: true,
      rescale: false,
      scope: "tensor",
      zeroSign: "plus",
      electionWeights: true,
      priority: 1,
      slack: null,
    });
  });

  it("TIES-SV: those of TIES, and the paper's slack of 4 % of what is retained", () => {
    expect(arithmeticOf("ties_sv")).toEqual({
      ...arithmeticOf("ties"),
      slack: { share: 0.04, of: "retained" },
    });
  });
});

it("values that are set take the defaults' place", () => {
  const set = {
    weight: 0.5,
    density: 0.2,
    lambda: 2,
    slack: 0.1,
    slack_of: "discarded",
    zero_sign: "majority",
  };
  expect(arithmeticOf("ties_sv", { ...set, scope: "model", election_weights: false })).toMatchObject({
    weights: [0.5, 0.5],
    densities: [0.2, 0.2],
    lambda: 2,
    scope: "model",
    zeroSign: "majority",
    electionWeights: false,
    slack: { share: 0.1, of: "discarded" },
  });
});
