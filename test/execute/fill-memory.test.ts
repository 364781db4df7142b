/** Inputs that memory cannot hold are streamed. */
import { describe, expect, it } from "vitest";
import { fillMemory } from "../../src/execute/fill-memory.ts";

describe("inputs", () => {
  it("fill memory beyond three quarters of what is available", () => {
    expect(fillMemory(75, 100)).toBe(false);
    expect(fillMemory(76, 100)).toBe(true);
  });
  it("are measured against the memory of this machine", () => {
    expect(fillMemory(1)).toBe(false);
    expect(fillMemory(1e15)).toBe(true);
  });
});
