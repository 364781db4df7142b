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
  readonly chunksPerThread: number;
  isMeasured(tensor: TensorWork): boolean;
}

/** Tensors of one batch: bounds what one cancelled or failed batch loses. */
const LARGEST_BATCH = 64;

/** With fewer tensors for a thread than these, some threads would have none to the end. */
const TENSORS_PER_THREAD = 2;

/** Groups of one thread that come before a tensor that is spread, so that there is something to write while it is measured. */
const FIRST_PER_THREAD = 2;

/** Groups works of a file's order. */
export function groupWorks(works: readonly Work[], facts: GroupingFacts): WorkGroup[] {
  const lists = neighboursOf(works);
  const haveManyTensors = lists.length >= TENSORS_PER_THREAD * facts.threads;
  const groups = lists.map((list) => ({
    works: list,
    cost: list.reduce((sum, work) => sum + costOf(work), 0),
    spread: spreadTensor(list, haveManyTensors, facts),
  }));
  const first = new Set(
    groups.filter(({ spread }) => spread === null).slice(0, FIRST_PER_THREAD * facts.threads),
  );
  const inTurn = [...first, ...groups.filter((group) => !first.has(group))];
  return inTurn.map((group, order) => ({ ...group, order }));
}

function spreadTensor(
  [tensor, ...others]: readonly Work[],
  haveManyTensors: boolean,
  { chunksPerThread, isMeasured }: GroupingFacts,
): TensorWork | null {
  if (tensor === undefined || others.length > 0 || isCopy(tensor)) return null;
  const chunks = chunkCount(tensor);
  const fitsOneThread = haveManyTensors && chunks <= chunksPerThread && !isMeasured(tensor);
  return chunks <= 1 || fitsOneThread ? null : tensor;
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
