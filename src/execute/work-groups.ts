/** What is handed to the pool at a time: a large tensor, or small neighbours. */
import { chunkCount, type TensorWork } from "./tensor-work.ts";
import { costOf, isCopy, type Work } from "./work.ts";

/** A large tensor, or small neighbours that share a task. */
export interface WorkGroup {
  readonly works: readonly Work[];
  readonly cost: number;
  /**
   * The tensor whose chunks are spread over the threads; null for a group that one thread merges: that takes the fewest
   * messages, and a tensor's chunks are in that thread's cache when they are needed again.
   */
  readonly spread: TensorWork | null;
  /** The turn it has. */
  readonly order: number;
}

/** What is known of the pool, and of the tensors. */
interface GroupingFacts {
  readonly threads: number;
  isMeasured(tensor: TensorWork): boolean;
}

/** Tensors of one batch: bounds what one cancelled or failed batch loses. */
const LARGEST_BATCH = 64;

/** A tensor of no more chunks than these is small: the time that it takes one thread is nothing to wait for. */
const CHUNKS_OF_SMALL = 4;

/** With fewer tensors for a thread than these, some threads would have none to the end. */
const TENSORS_PER_THREAD = 2;

/** One thread may merge a tensor that is this part of its share of all: the others have enough to do meanwhile. */
const PART_OF_SHARE = 1 / 4;

/** Groups that a thread has for itself before a large tensor, or after the last one. */
const FEW_PER_THREAD = 2;

/** Groups works of a file's order. */
export function groupWorks(works: readonly Work[], facts: GroupingFacts): WorkGroup[] {
  const lists = neighboursOf(works);
  const grouping = {
    ...facts,
    haveManyTensors: lists.length >= TENSORS_PER_THREAD * facts.threads,
    share: works.reduce((sum, work) => sum + costOf(work), 0) / facts.threads,
  };
  const groups = lists.map((list) => ({
    works: list,
    cost: list.reduce((sum, work) => sum + costOf(work), 0),
    spread: spreadTensor(list, grouping),
  }));
  const inTurn = makeRoomForLarge(groups, facts);
  return inTurn.map((group, order) => ({ ...group, order }));
}

function spreadTensor(
  [tensor, ...others]: readonly Work[],
  facts: GroupingFacts & { readonly haveManyTensors: boolean; readonly share: number },
): TensorWork | null {
  if (tensor === undefined || others.length > 0 || isCopy(tensor)) return null;
  const chunks = chunkCount(tensor);
  if (chunks <= 1) return null;
  if (facts.isMeasured(tensor)) return tensor;
  const isSmall = facts.haveManyTensors && chunks <= CHUNKS_OF_SMALL;
  return isSmall || tensor.elementCount <= PART_OF_SHARE * facts.share ? null : tensor;
}

/**
 * A file's order, but for few large tensors among many small ones: these come apart, in the first half, so that there is
 * something to read and to write while one is measured. No large one is among the last, when others have nothing left.
 */
function makeRoomForLarge<Group extends Pick<WorkGroup, "works">>(
  groups: readonly Group[],
  { threads }: GroupingFacts,
): Group[] {
  const isLarge = ({ works: [work] }: Group) =>
    work !== undefined && !isCopy(work) && chunkCount(work) > CHUNKS_OF_SMALL;
  const few = FEW_PER_THREAD * threads;
  const last = groups.slice(-few);
  const inFile = [...groups.slice(0, -few), ...last.filter(isLarge), ...last.filter((g) => !isLarge(g))];
  const largeCount = groups.filter(isLarge).length;
  const apart = Math.floor((groups.length - largeCount) / 2 / (largeCount + 1));
  if (apart < few) return inFile;
  const inTurn: Group[] = [];
  const waiting: Group[] = [];
  let small = 0;
  for (const group of inFile) {
    if (isLarge(group)) waiting.push(group);
    else {
      inTurn.push(group);
      small += 1;
    }
    if (small < apart || waiting.length === 0) continue;
    inTurn.push(waiting.shift() as Group);
    small = 0;
  }
  return [...inTurn, ...waiting];
}

/** Small neighbours together, up to the cost of a chunk. */
function neighboursOf(works: readonly Work[]): Work[][] {
  const lists: Work[][] = [];
  let small: Work[] = [];
  let cost = 0;
  const flush = () => {
    if (small.length > 0) lists.push(small);
    small = [];
    cost = 0;
  };
  for (const work of works) {
    const own = costOf(work);
    const room = isCopy(work) ? Number.POSITIVE_INFINITY : work.chunkElements;
    if (own > room || cost + own > room || small.length === LARGEST_BATCH) flush();
    small.push(work);
    cost += own;
    if (own > room) flush();
  }
  flush();
  return lists;
}
