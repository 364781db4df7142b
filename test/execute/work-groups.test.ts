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

const FACTS = { threads: 2, isMeasured: () => false };

const namesOf = (works: readonly Work[], facts = FACTS) =>
  groupWorks(works, facts).map((group) => group.works.map(({ name }) => name).join(" "));

test("small neighbours share a group up to the cost of a chunk", () => {
  const works = [tensor("a", 0.5), tensor("b", 0.5), tensor("c", 0.25), copy("d", 10), tensor("e", 1)];
  expect(namesOf(works)).toEqual(["a b", "c d", "e"]);
});

const spreadOf = (works: readonly Work[], facts = FACTS) =>
  groupWorks(works, facts).flatMap((group) => (group.spread === null ? [] : [group.spread.name]));

test("tensors of few chunks are merged by one thread, larger ones spread", () => {
  const works = [tensor("a", 4), tensor("b", 5), tensor("c", 1), tensor("d", 3)];
  expect(spreadOf(works)).toEqual(["b"]);
});

test("one thread merges a larger tensor that is a small part of its share", () => {
  const small = Array.from({ length: 35 }, (_, i) => tensor(`small ${i}`, 1));
  const works = [...small, tensor("a", 5)];
  expect(spreadOf(works)).toEqual([]);
  expect(spreadOf(works.slice(1))).toEqual(["a"]);
  expect(spreadOf(works, { ...FACTS, threads: 3 })).toEqual(["a"]);
});

test("all tensors of several chunks are spread where threads outnumber them, or cuts are known", () => {
  const works = [tensor("a", 3), tensor("b", 1), tensor("c", 4)];
  expect(spreadOf(works, { ...FACTS, threads: 8 })).toEqual(["a", "c"]);
  expect(spreadOf(works, { ...FACTS, threads: 1, isMeasured: () => true })).toEqual(["a", "c"]);
  expect(spreadOf(works, { ...FACTS, threads: 1 })).toEqual([]);
});

const small = (count: number) => Array.from({ length: count }, (_, i) => tensor(`${i}`, 1));

/** Where large tensors stand among small ones. */
const placesOf = (works: readonly Work[]) =>
  namesOf(works).flatMap((name, place) => (/^[a-z]/.test(name) ? [`${name} ${place}`] : []));

test("few large tensors among many small ones come apart, in the first half", () => {
  const works = [tensor("embedding", 16), tensor("head", 16), ...small(30)];
  expect(placesOf(works)).toEqual(["embedding 5", "head 11"]);
  expect(namesOf(works).filter((name) => /^[0-9]/.test(name))).toEqual(small(30).map(({ name }) => name));
  expect(groupWorks(works, FACTS).map(({ order }) => order)).toEqual([...works.keys()]);
});

test("among as many small ones, large tensors keep their place, but the last ones", () => {
  const layer = (name: string) => [tensor(name, 8), ...small(2)];
  const works = [...layer("a"), ...layer("b"), ...layer("c"), tensor("head", 16)];
  expect(placesOf(works)).toEqual(["a 0", "b 3", "c 6", "head 7"]);
});
