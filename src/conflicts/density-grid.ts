/** The counts of an election for a grid of densities: of two models by one joint pass, of one model by a pass for all. */
import { measuresOnlyCuts } from "../execute/measure.ts";
import type { ClassesOperation } from "../execute/operations.ts";
import type { TensorWork } from "../execute/tensor-work.ts";
import type { TiesArithmetic } from "../methods/method.ts";
import { AnalysisCollector } from "./collector.ts";
import { share } from "./figure-sums.ts";
import type { Figures, ModelFigures } from "./figures.ts";
import type { DensityGrid, GridCell, GridModel } from "./report-data.ts";
import type { Question, Variant } from "./sweep-variants.ts";

/** The densities of one cell, one a model; null keeps the recipe's own. */
type Densities = readonly (number | null)[];

/** A grid that is being measured: variants to sweep, and what came of them. */
export interface GridSweep {
  readonly variants: readonly Variant[];
  /** Null where a vote underflowed to 0, so that the joint pass cannot tell; {@link gridOneByOne} can. */
  grid(): DensityGrid | null;
}

/** Every pair of densities of two models, or every density of one. */
export function cellsOf(
  densities: readonly number[],
  modelCount: number,
  varied: number | null,
): Densities[] {
  if (varied === null) return densities.flatMap((first) => densities.map((second) => [first, second]));
  return densities.map((density) =>
    Array.from({ length: modelCount }, (_, m) => (m === varied ? density : null)),
  );
}

/**
 * Whether one pass can count all pairs: who wins must not depend on the densities, which rescaling and a majority
 * over the model make it do, and a task vector must vote with its own sign.
 */
export function isJoint(tensors: readonly TensorWork[], varied: number | null): boolean {
  return (
    varied === null &&
    tensors.every(({ arithmetic }) => {
      if (arithmetic.kind !== "ties" || !measuresOnlyCuts(arithmetic)) return false;
      return !arithmetic.electionWeights || arithmetic.weights.every((weight) => weight > 0);
    })
  );
}

/** One variant a cell; what several cells ask of a file is read and counted once. */
export function gridOneByOne(
  tensors: readonly TensorWork[],
  labels: readonly string[],
  densities: readonly number[],
  varied: number | null,
): GridSweep {
  const cells = cellsOf(densities, labels.length, varied);
  const collectors: AnalysisCollector[] = [];
  const variants = cells.map((cell): Variant => {
    const own = tensors.map((tensor) => withDensities(tensor, cell));
    const collector = new AnalysisCollector(own, labels, null);
    collectors.push(collector);
    return { tensors: own, analysis: collector.question, questions: [] };
  });
  const grid = (): DensityGrid => ({
    densities,
    varied: varied === null ? labels : [labels[varied] as string],
    cells: cells.map((cell, i) => cellOf(cell, (collectors[i] as AnalysisCollector).total().figures())),
  });
  return { variants, grid };
}

function withDensities(tensor: TensorWork, cell: Densities): TensorWork {
  const arithmetic = tensor.arithmetic as TiesArithmetic;
  const densities = arithmetic.densities.map((density, m) => cell[m] ?? density);
  return { ...tensor, arithmetic: { ...arithmetic, densities, slack: null } };
}

function cellOf(densities: Densities, { conflicts, models }: Figures): GridCell {
  return { densities, conflicts, models: models.map(gridModel) };
}

function gridModel(figures: ModelFigures): GridModel {
  const { model, parameters, retained, inConflict, conflictsWon, conflictsLost, zeroVotes } = figures;
  const { discarded, discardedWithoutZeroVotes, kept, density, conflictShare } = figures;
  const { discardedShare, discardedShareWithoutZeroVotes } = figures;
  return {
    ...{ model, parameters, retained, inConflict, conflictsWon, conflictsLost, zeroVotes, discarded },
    ...{ discardedWithoutZeroVotes, kept, density, conflictShare },
    ...{ discardedShare, discardedShareWithoutZeroVotes },
  };
}

/** Winners as the addon numbers them, and the room that each class has for them. */
const WINNERS = 8;
const FIRST_WINS = [1, 3];
const SECOND_WINS = [2, 4];
const BY_ZERO = [3, 4, 5];

/** Elements by the trims that keep the first, those that keep the second, and the winner; counted once for all pairs. */
export function gridByClasses(
  tensors: readonly TensorWork[],
  labels: readonly string[],
  densities: readonly number[],
): GridSweep {
  const count = densities.length;
  const own = tensors.map((tensor) => withTrims(tensor, densities));
  const table = new Float64Array(WINNERS * 4 ** count);
  let sound = true;
  const question: Question<ClassesOperation> = {
    operationOf: (chunk, measured) => ({ kind: "classes", chunk, measured, firstCount: count }),
    take: (_tensor, _chunk, answer) => {
      sound &&= answer !== null;
      for (const [i, elements] of (answer ?? []).entries()) table[i] = (table[i] as number) + elements;
    },
  };
  const grid = () => {
    if (!sound) return null;
    const cells = cellsOf(densities, 2, null).map((cell, i) =>
      pairCell(cell, labels, table, { first: 1 << Math.floor(i / count), second: 1 << (i % count), count }),
    );
    return { densities, varied: labels, cells };
  };
  return { variants: [{ tensors: own, analysis: null, questions: [question as Question] }], grid };
}

/** Both task vectors once for each density. */
function withTrims(tensor: TensorWork, densities: readonly number[]): TensorWork {
  const arithmetic = tensor.arithmetic as TiesArithmetic;
  const twice = <T>([first, second]: readonly T[]) => [
    ...densities.map(() => first as T),
    ...densities.map(() => second as T),
  ];
  return {
    ...tensor,
    models: twice(tensor.models),
    arithmetic: {
      ...arithmetic,
      weights: twice(arithmetic.weights),
      densities: [...densities, ...densities],
      priority: arithmetic.priority === null ? null : arithmetic.priority * densities.length,
      slack: null,
    },
  };
}

/** Which bits of a class a pair of densities looks at. */
interface PairBits {
  readonly first: number;
  readonly second: number;
  readonly count: number;
}

function pairCell(
  densities: Densities,
  labels: readonly string[],
  table: Float64Array,
  bits: PairBits,
): GridCell {
  const sums = { parameters: 0, first: 0, second: 0, conflicts: 0, zero: 0 };
  const lost = [0, 0];
  const lostByZero = [0, 0];
  for (const [i, elements] of table.entries()) {
    if (elements === 0) continue;
    const winner = i % WINNERS;
    const classes = Math.floor(i / WINNERS);
    const [hasFirst, hasSecond] = [
      (classes & bits.first) !== 0,
      ((classes >> bits.count) & bits.second) !== 0,
    ];
    sums.parameters += elements;
    if (hasFirst) sums.first += elements;
    if (hasSecond) sums.second += elements;
    if (!hasFirst || !hasSecond || winner === 0) continue;
    sums.conflicts += elements;
    const byZero = BY_ZERO.includes(winner);
    if (byZero) sums.zero += elements;
    for (const [m, wins] of [FIRST_WINS, SECOND_WINS].entries()) {
      if (wins.includes(winner)) continue;
      lost[m] = (lost[m] as number) + elements;
      if (byZero) lostByZero[m] = (lostByZero[m] as number) + elements;
    }
  }
  const models = [sums.first, sums.second].map((retained, m): GridModel => {
    const discarded = lost[m] as number;
    const discardedWithoutZeroVotes = discarded - (lostByZero[m] as number);
    return {
      model: labels[m] as string,
      parameters: sums.parameters,
      retained,
      inConflict: sums.conflicts,
      conflictsWon: sums.conflicts - discarded,
      conflictsLost: discarded,
      zeroVotes: sums.zero,
      discarded,
      discardedWithoutZeroVotes,
      kept: retained - discarded,
      density: share(retained, sums.parameters),
      conflictShare: share(sums.conflicts, retained),
      discardedShare: share(discarded, retained),
      discardedShareWithoutZeroVotes: share(discardedWithoutZeroVotes, retained),
    };
  });
  return { densities, conflicts: sums.conflicts, models };
}
