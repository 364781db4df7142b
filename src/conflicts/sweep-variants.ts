/** Measures variants of a merge and then asks about every chunk: tensor by tensor, or over the whole model. */
import { analyseTensors, isAnalysedAlone } from "../execute/analyse-tensors.ts";
import { sweepChunks } from "../execute/chunk-sweep.ts";
import { forEachInFlight } from "../execute/in-flight.ts";
import type { Measured } from "../execute/measure.ts";
import { type ChunkMeasured, measuredForChunk } from "../execute/native-job.ts";
import type {
  AnalyseOperation,
  Answer,
  ByteRange,
  ClassesOperation,
  LossesOperation,
} from "../execute/operations.ts";
import type { Pool } from "../execute/pool.ts";
import { rangesOf } from "../execute/prepare-tensors.ts";
import { type ChunkRef, chunksOf, type TensorWork } from "../execute/tensor-work.ts";
import type { Scope, TiesArithmetic } from "../methods/method.ts";
import { measureVariants } from "./shared-sweeps.ts";

type AnalysisOperation = AnalyseOperation | LossesOperation | ClassesOperation;

/** What is asked of each chunk of a variant, and who hears the answers; chunks come in any order. */
export interface Question<O extends AnalysisOperation = AnalysisOperation> {
  readonly operationOf: (chunk: ChunkRef, measured: ChunkMeasured) => O;
  readonly take: (tensor: number, chunk: number, answer: Answer<O>) => void;
}

/** One merge of several that read the same tensors. */
export interface Variant {
  /** One a tensor, in the same order for all variants; they differ in models and arithmetic. */
  readonly tensors: readonly TensorWork[];
  /** Answered while a tensor is measured, where that can be. */
  readonly analysis: Question<AnalyseOperation> | null;
  readonly questions: readonly Question[];
  /** What was measured over a tensor, or (`tensor`: null) over the whole model. */
  readonly measured?: (tensor: number | null, measured: Measured) => void;
}

/** Elements under way per thread, in chunks: hides the waits between a tensor's passes, and brings what is next into memory. */
const CHUNKS_IN_FLIGHT_PER_THREAD = 8;

/** @param tensorDone hears of every tensor once, when all variants have been asked about it */
export async function sweepVariants(
  variants: readonly Variant[],
  scope: Scope,
  pool: Pool,
  tensorDone: (tensor: number) => void,
): Promise<void> {
  const tensors = variants[0]?.tensors ?? [];
  if (scope === "model") return sweepModel(variants, tensors, pool, tensorDone);
  const chunkElements = Math.max(1, ...tensors.map((tensor) => tensor.chunkElements));
  const limit = pool.threads * CHUNKS_IN_FLIGHT_PER_THREAD * chunkElements;
  await forEachInFlight(
    tensors.entries(),
    limit,
    // However large, one tensor leaves room for another: threads would wait for its steps.
    ([, { elementCount }]) => Math.min(elementCount, limit / 2),
    async ([index]) => {
      const works = variants.map((variant) => variant.tensors[index] as TensorWork);
      await pool.run([{ kind: "readAhead" as const, ranges: rangesOfAll(works) }], index);
      const places = chunksOf(works[0] as TensorWork).map((_, chunk) => ({ tensor: index, chunk }));
      await sweepTensor(variants, places, index, pool);
      tensorDone(index);
    },
  );
}

async function sweepTensor(
  variants: readonly Variant[],
  places: readonly Place[],
  tensor: number,
  pool: Pool,
): Promise<void> {
  const early = await analyseEarly(variants, tensor, pool);
  const late = variants.filter((variant) => !early.has(variant));
  const measuredLate = await measure(late, places, pool, tensor);
  const asked = variants.map((variant): AskedVariant => {
    const known = early.get(variant);
    const measured = known ?? (measuredLate[late.indexOf(variant)] as Measured);
    variant.measured?.(tensor, measured);
    return { variant, measured, questions: known ? variant.questions : allQuestions(variant) };
  });
  await ask(asked, places, pool, tensor);
}

/** Analyses what can be analysed while it is measured, and gives what was measured. */
async function analyseEarly(
  variants: readonly Variant[],
  tensor: number,
  pool: Pool,
): Promise<Map<Variant, Measured>> {
  const workOf = (variant: Variant) => variant.tensors[tensor] as TensorWork;
  const alone = variants.filter((variant) => variant.analysis !== null && isAnalysedAlone(workOf(variant)));
  const found = await analyseTensors(alone.map(workOf), pool, tensor);
  const measured = new Map<Variant, Measured>();
  for (const [v, variant] of alone.entries()) {
    const analysed = found[v];
    if (!analysed) continue;
    measured.set(variant, analysed.measured);
    for (const [chunk, analysis] of analysed.analyses.entries())
      variant.analysis?.take(tensor, chunk, analysis);
  }
  return measured;
}

function allQuestions({ analysis, questions }: Variant): readonly Question[] {
  return analysis === null ? questions : [analysis as Question, ...questions];
}

/** A chunk of all variants: tensors by their index. */
interface Place {
  readonly tensor: number;
  readonly chunk: number;
}

/** In model scope the index runs over tensors in byte order of their names. */
async function sweepModel(
  variants: readonly Variant[],
  tensors: readonly TensorWork[],
  pool: Pool,
  tensorDone: (tensor: number) => void,
): Promise<void> {
  const inByteOrder = [...tensors.keys()].sort((a, b) =>
    Buffer.compare(
      Buffer.from((tensors[a] as TensorWork).name),
      Buffer.from((tensors[b] as TensorWork).name),
    ),
  );
  const places = inByteOrder.flatMap((tensor) =>
    chunksOf(tensors[tensor] as TensorWork).map((_, chunk) => ({ tensor, chunk })),
  );
  const measured = await measure(variants, places, pool, 0);
  for (const [v, variant] of variants.entries()) variant.measured?.(null, measured[v] as Measured);
  const left = tensors.map((tensor) => chunksOf(tensor).length);
  for (const [tensor, count] of left.entries()) if (count === 0) tensorDone(tensor);
  const asked = variants.map((variant, v): AskedVariant => {
    return { variant, measured: measured[v] as Measured, questions: allQuestions(variant) };
  });
  await ask(asked, places, pool, 0, ({ tensor }) => {
    left[tensor] = (left[tensor] as number) - 1;
    if (left[tensor] === 0) tensorDone(tensor);
  });
}

function chunkAt({ tensors }: Variant, { tensor, chunk }: Place): ChunkRef {
  return { tensor: tensors[tensor] as TensorWork, index: chunk };
}

function measure(
  variants: readonly Variant[],
  places: readonly Place[],
  pool: Pool,
  order: number,
): Promise<Measured[]> {
  // Model scope: the planner lets only one density, rescale and slack pass. An empty scope asks for nothing.
  const [first] = places;
  if (first === undefined) return Promise.resolve(variants.map(() => NOTHING_MEASURED));
  const chunks = variants.map((variant) => places.map((place) => chunkAt(variant, place)));
  const arithmetics = variants.map((variant) => chunkAt(variant, first).tensor.arithmetic as TiesArithmetic);
  return measureVariants(chunks, arithmetics, pool, order);
}

const NOTHING_MEASURED: Measured = { trims: [], norms: null, zeroSign: 1, slack: null };

/** What is left to be asked of a variant. */
interface AskedVariant {
  readonly variant: Variant;
  readonly measured: Measured;
  readonly questions: readonly Question[];
}

async function ask(
  variants: readonly AskedVariant[],
  places: readonly Place[],
  pool: Pool,
  order: number,
  asked: (place: Place) => void = () => {},
): Promise<void> {
  const open = variants.filter(({ questions }) => questions.length > 0);
  const [first] = open;
  if (first === undefined) return;
  const workOf = (index: number) => {
    const place = places[index] as Place;
    const questions = open.flatMap(({ variant, measured, questions: own }) => {
      const forChunk = measuredForChunk(measured, index);
      const chunk = chunkAt(variant, place);
      return own.map(({ operationOf, take }) => ({
        operation: operationOf(chunk, forChunk),
        take,
      }));
    });
    return {
      operations: questions.map(({ operation }) => operation),
      answered: (answers: Answer<AnalysisOperation>[]) => {
        for (const [i, { take }] of questions.entries())
          take(place.tensor, place.chunk, answers[i] as Answer<AnalysisOperation>);
        asked(place);
      },
    };
  };
  const chunks = places.map((place) => chunkAt(first.variant, place));
  await sweepChunks(chunks, workOf, pool, order);
}

/** Every range of a tensor's sources once, whichever variants read it. */
function rangesOfAll(works: readonly TensorWork[]): ByteRange[] {
  const ranges = works.flatMap(rangesOf);
  return [...new Map(ranges.map((range) => [`${range.path}\n${range.byteOffset}`, range])).values()];
}
