import * as fc from "fast-check";
import { diff } from "tiesmith";
import { describe, expect, it } from "vitest";
import { f32, folderWith, type TensorData, zeros } from "../checkpoint/safetensors-builder.ts";
import { bf16, i64 } from "./tensor-builders.ts";

async function only(a: TensorData, b: TensorData) {
  const { tensors } = await diff(folderWith({ t: a }), folderWith({ t: b }), { threads: 1 });
  expect(tensors).toHaveLength(1);
  return tensors[0];
}

describe("diff of one tensor", () => {
  it("calls the same bytes identical", async () => {
    expect(await only(f32([2, 2], [1, -2, 0, 3]), f32([2, 2], [1, -2, 0, 3]))).toEqual({
      name: "t",
      status: "identical",
      dtypeA: "F32",
      dtypeB: "F32",
      shapeA: [2, 2],
      shapeB: [2, 2],
      elementCount: 4,
      differing: 0,
      maxAbsolute: 0,
      relativeL2: 0,
      signAgreement: 1,
      notFinite: 0,
    });
  });

  it("measures what differs", async () => {
    expect(await only(f32([4], [3, -4, 0, 0]), f32([4], [3, 4, -0.5, 0]))).toMatchObject({
      status: "differs",
      differing: 2,
      maxAbsolute: 8,
      relativeL2: Math.sqrt(64.25 / 25),
      signAgreement: 0.5,
      notFinite: 0,
    });
  });

  it("calls the same numbers in another format equal", async () => {
    const difference = await only(f32([3], [1, -2, 0.5]), bf16([3], [1, -2, 0.5]));
    expect(difference).toMatchObject({
      status: "equal",
      dtypeA: "F32",
      dtypeB: "BF16",
      differing: 0,
      relativeL2: 0,
    });
  });

  it("calls zeros of two signs equal, not identical, and of one sign", async () => {
    const difference = await only(f32([2], [0, 1]), f32([2], [-0, 1]));
    expect(difference).toMatchObject({ status: "equal", differing: 0, maxAbsolute: 0, signAgreement: 1 });
  });

  it("gives no relative difference from a tensor of zeros", async () => {
    expect(await only(f32([2], [0, 0]), f32([2], [0, 1]))).toMatchObject({
      status: "differs",
      relativeL2: null,
    });
    expect(await only(f32([2], [0, 0]), f32([2], [-0, 0]))).toMatchObject({ status: "equal", relativeL2: 0 });
  });

  it("counts NaN and Inf, and measures the other elements", async () => {
    const a = f32([4], [Number.NaN, Number.POSITIVE_INFINITY, 3, 4]);
    const b = f32([4], [1, Number.POSITIVE_INFINITY, 3, 5]);
    expect(await only(a, b)).toMatchObject({
      status: "differs",
      differing: 2,
      notFinite: 2,
      maxAbsolute: 1,
      relativeL2: 0.2,
    });
  });

  it("calls a tensor with NaN identical to its copy", async () => {
    const a = f32([2], [Number.NaN, 1]);
    expect(await only(a, a)).toMatchObject({
      status: "identical",
      differing: 0,
      signAgreement: 1,
      notFinite: 1,
    });
  });

  it("does not compare shapes that differ, even of as many elements", async () => {
    expect(await only(f32([2, 1], [1, 2]), f32([1, 2], [1, 2]))).toMatchObject({
      status: "shape",
      shapeA: [2, 1],
      shapeB: [1, 2],
      differing: null,
      maxAbsolute: null,
      relativeL2: null,
      signAgreement: null,
    });
  });

  it("compares other formats by their bytes", async () => {
    expect(await only(i64([1n, 2n]), i64([1n, 2n]))).toMatchObject({ status: "identical", differing: 0 });
    expect(await only(i64([1n, 2n]), i64([1n, 3n]))).toMatchObject({
      status: "incomparable",
      differing: null,
    });
    const eight = { dtype: "F8_E4M3", shape: [1], data: Uint8Array.of(1) };
    expect(await only(eight, { ...eight, dtype: "F8_E5M2" })).toMatchObject({ status: "incomparable" });
    expect(await only(f32([1], [1]), zeros("I32", [1], 4))).toMatchObject({ status: "incomparable" });
  });

  it("without elements is identical, or equal in another format", async () => {
    expect(await only(f32([0, 3], []), f32([0, 3], []))).toMatchObject({
      status: "identical",
      signAgreement: 1,
    });
    expect(await only(f32([0], []), bf16([0], []))).toMatchObject({ status: "equal", relativeL2: 0 });
  });

  it("counts as a plain reference does", async () => {
    const value = fc.oneof(
      fc.constantFrom(
        0,
        -0,
        1,
        -1,
        1e-42,
        -1e-42,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
      ),
      fc.float({ noNaN: true, min: -1e6, max: 1e6 }),
    );
    const pairs = fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(pairs, async (list) => {
        const a = list.map(([x]) => Math.fround(x));
        const b = list.map(([x, y], i) => Math.fround(i % 3 === 0 ? x : y));
        const finite = a.map((x, i) => Number.isFinite(x) && Number.isFinite(b[i]));
        const delta = a.map((x, i) => (finite[i] ? Math.fround(x - (b[i] as number)) : 0));
        const difference = await only(f32([a.length], a), f32([b.length], b));
        const sameBytes = a.every((x, i) => Object.is(x, b[i]));
        const sameSign = a.filter((x, i) => finite[i] && Math.sign(x) === Math.sign(b[i] as number)).length;
        expect(difference).toMatchObject({
          differing: sameBytes ? 0 : a.filter((x, i) => x !== b[i]).length,
          notFinite: finite.filter((both) => !both).length,
          maxAbsolute: Math.max(0, ...delta.map(Math.abs)),
          signAgreement: sameBytes ? 1 : sameSign / a.length,
        });
      }),
      { numRuns: 25 },
    );
  });
});
