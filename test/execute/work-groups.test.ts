import { expect, test } from "vitest";
import type { TensorWork } from "../../src/execute/tensor-work.ts";
import type { Work } from "../../src/execute/work.ts";
import { groupWorks } from "../../src/execute/work-groups.ts";

const CHUNK = 4096;

function tensor(name: string, chunks: number): TensorWork {
  return { name, elementCount: chunks * CHUNK, chunkElements: CHUNK } as TensorWork;
}

function copy(name: string, byteCount: number): Work {
  return { name, pieces: [{ source: { byteCount } }] } as unknown as Work;
}

const FACTS = { threads: 2, chunksPerThread: 4, isMeasured: () => false };

const namesOf = (works: readonly Work[], facts = FACTS) =>
  groupWorks(works, facts).map((group) => group.works.map(({ name }) => name).join(" "));

test("small neighbours share a group up to the cost of a chunk", () => {
  const works = [tensor("a", 0.5), tensor("b", 0.5), tensor("c", 0.25), copy("d", 10), tensor("e", 1)];
  expect(namesOf(works)).toEqual(["a b", "c d", "e"]);
});

test("tensors of few chunks are merged by one thread, larger ones spread", () => {
  const works = [tensor("a", 4), tensor("b", 5), tensor("c", 1), tensor("d", 3)];
  expect(groupWorks(works, FACTS).map(({ works: [work], spread }) => [work?.name, spread?.name])).toEqual([
    ["a", undefined],
    ["c", undefined],
    ["d", undefined],
    ["b", "b"],
  ]);
});

test("all tensors of several chunks are spread where threads outnumber them, or cuts are known", () => {
  const works = [tensor("a", 3), tensor("b", 1), tensor("c", 4)];
  const spread = (facts: typeof FACTS) =>
    groupWorks(works, facts).flatMap((group) => (group.spread === null ? [] : [group.spread.name]));
  expect(spread({ ...FACTS, threads: 8 })).toEqual(["a", "c"]);
  expect(spread({ ...FACTS, threads: 1, isMeasured: () => true })).toEqual(["a", "c"]);
  expect(spread({ ...FACTS, threads: 1 })).toEqual([]);
});

test("a few groups of one thread come before what is spread, and all others in their order", () => {
  const small = Array.from({ length: 7 }, (_, i) => tensor(`small ${i}`, 1));
  expect(
    namesOf([tensor("embedding", 16), ...small.slice(0, 3), tensor("head", 16), ...small.slice(3)]),
  ).toEqual([
    ...["small 0", "small 1", "small 2", "small 3"],
    ...["embedding", "head"],
    ...["small 4", "small 5", "small 6"],
  ]);
  expect(groupWorks(small, FACTS).map(({ order }) => order)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
