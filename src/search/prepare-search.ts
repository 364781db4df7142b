/** From a spec to everything that a search needs: whatever can be refused is refused here, all at once. */
import { createHash } from "node:crypto";
import { findModel } from "../checkpoint/find-model.ts";
import { type Problem, TiesmithError } from "../errors.ts";
import { checkGgufType } from "../gguf/layout.ts";
import type { MergePlan } from "../plan/merge-plan.ts";
import { VERSION } from "../version.ts";
import { checkCandidates } from "./candidate-recipe.ts";
import type { CandidateBackend } from "./candidates.ts";
import { roundsOf, survivorCount } from "./halving.ts";
import { type BeginRecord, JOURNAL_FORMAT } from "./journal.ts";
import { describeObjective } from "./objective.ts";
import { readSpec } from "./read-spec.ts";
import { type MethodSchedule, schedulesOf } from "./schedule.ts";
import type { SearchInput, SearchSpec } from "./spec.ts";
import { readTasks, type SearchTasks } from "./tuning-rows.ts";

export interface PreparedSearch {
  readonly spec: SearchSpec;
  readonly tasks: SearchTasks;
  readonly rounds: readonly number[];
  readonly schedules: readonly MethodSchedule[];
  readonly begin: BeginRecord;
  /** Trials of all methods, rounds of halving counted. */
  readonly plannedTrials: number;
  /** Bytes of the largest candidate. */
  readonly candidateBytes: number;
  /** Names the inputs of all methods: equal for equal files. */
  readonly inputsHash: string;
}

/**
 * Reads and checks a search: spec, recipes at every value, models, tasks, rows, splits.
 * @throws {TiesmithError} all problems at once: `SEARCH_INVALID`, or the code of the first
 */
export async function prepareSearch(
  input: string | SearchInput,
  backend: CandidateBackend,
): Promise<PreparedSearch> {
  if (backend.type !== undefined) checkGgufType(backend.type);
  const spec = readSpec(input);
  const problems: Problem[] = [];
  const plans = spec.methods.map((method) => checkCandidates(method, backend.type, problems));
  for (const model of spec.final?.models ?? []) checkModel(model, problems);
  const tasks = await readTasks(spec, problems);
  if (problems.length > 0) throw TiesmithError.fromProblems(distinct(problems));
  const ready = plans as MergePlan[];
  const { dev, tunedOn } = tasks as SearchTasks;
  const rounds = roundsOf(spec.halving, Math.max(...dev.map(({ items }) => items.length)));
  const schedules = schedulesOf(spec, rounds);
  const inputsHash = hashOf(ready.map(inputsOf));
  const digest = digestOf(spec, tasks as SearchTasks, backend, inputsHash);
  return {
    spec,
    tasks: tasks as SearchTasks,
    rounds,
    schedules,
    begin: {
      kind: "begin",
      format: JOURNAL_FORMAT,
      digest,
      createdAt: new Date().toISOString(),
      search: {
        tiesmith: VERSION,
        spec: spec.path,
        strategy: spec.strategy,
        seed: spec.seed,
        halving: spec.halving,
        objective: describeObjective(spec.objective),
        methods: schedules.map(({ method, trialCount }, i) => ({
          name: method.name,
          mergeMethod: ready[i]?.method ?? "",
          template: method.template.text,
          folder: method.template.folder,
          variables: method.variables,
          where: method.where.map(({ text }) => text),
          trialCount,
        })),
        tunedOn,
        notes: [...new Set(ready.flatMap(({ notes }) => notes))],
        rounds,
        hasFinal: spec.final !== null,
      },
    },
    plannedTrials: schedules.reduce((sum, { trialCount }) => sum + trialsIn(trialCount, rounds, spec), 0),
    candidateBytes: Math.max(...ready.map(({ writeBytes }) => writeBytes)),
    inputsHash,
  };
}

function trialsIn(candidates: number, rounds: readonly number[], { halving }: SearchSpec): number {
  let [left, total] = [candidates, 0];
  for (const _ of rounds) {
    total += left;
    left = survivorCount(left, halving?.factor ?? 1);
  }
  return total;
}

function checkModel(model: string, problems: Problem[]): void {
  try {
    if (!model.endsWith(".gguf")) findModel(model);
  } catch (error) {
    if (!(error instanceof TiesmithError)) throw error;
    problems.push(error.toProblem());
  }
}

/** Methods share models: what is wrong with one is told once. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

/** Files as a merge's journal names them; folders may differ between machines. */
function inputsOf({ base, models }: MergePlan) {
  return [...(base === null ? [] : [base]), ...models].map(({ files }) =>
    files.map(({ byteSize, modifiedNs, headerHash }) => [byteSize, String(modifiedNs), headerHash]),
  );
}

/** What makes two searches the same; the number of trials may grow. */
function digestOf(
  spec: SearchSpec,
  { dev, test, tunedOn }: SearchTasks,
  backend: CandidateBackend,
  inputsHash: string,
): string {
  const { methods, objective, strategy, seed, halving, final } = spec;
  const { kind, ...settings } = backend;
  // The number of threads changes no answer.
  const { threads: _, ...told } = settings as Record<string, unknown>;
  return hashOf([
    VERSION,
    methods.map(({ name, template, variables, where }) => [name, template.text, variables, where]),
    [objective, strategy, seed, halving, final?.models ?? []],
    tunedOn.map(({ data: _, ...rows }) => rows),
    [...dev, ...(test ?? [])].map(({ items }) =>
      items.map(({ requestHash, goldText }) => [requestHash, goldText]),
    ),
    [kind, told],
    inputsHash,
  ]);
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
