/** Right arguments for every export of the addon, to be spoiled, and what their answers look like. */
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/** Elements of the input file, as F32; ten blocks and a bit, so that every kernel sees whole ones and a tail. */
export const ELEMENTS = 10 * 4096 + 37;
const HASH = /^[0-9a-f]{32}$/;

/** Loads the addon; NODE_OPTIONS and LD_PRELOAD are the caller's business. */
export function loadAddon(path) {
  return createRequire(import.meta.url)(path);
}

/** Makes the files that calls work on in `folder`; each thread has an output of its own. */
export function makeFiles(folder, threadCount = 1) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const values = Float32Array.from({ length: ELEMENTS }, (_, i) => Math.sin(i) * (i % 7));
  writeFileSync(
    join(folder, "base"),
    values.map((value) => value / 2),
  );
  writeFileSync(join(folder, "model"), values);
  writeFileSync(join(folder, "empty"), "");
  // 1 TiB of holes: offers any number of elements, and no memory for as many results.
  writeFileSync(join(folder, "holes"), "");
  truncateSync(join(folder, "holes"), 2 ** 40);
  for (let i = 0; i < threadCount; i++)
    for (const name of [`out${i}`, `swap${i}`]) writeFileSync(join(folder, name), Buffer.alloc(1 << 20));
}

/** A thread's lock file, opened once; Node closes what a worker leaves open, and `closeLocks` what is this thread's. */
const locks = new Map();

function lockOf(path) {
  if (!locks.has(path)) locks.set(path, openSync(path, "a+"));
  return locks.get(path);
}

export function closeLocks() {
  for (const descriptor of locks.values()) closeSync(descriptor);
  locks.clear();
}

/** By export: a maker of right arguments. Handles are made by the caller, who may close them. */
export function rightCalls(addon, folder, { base, model, output }, thread = 0) {
  const window = () => ({ low: 0, high: 0x7fffffff, shift: 16 });
  const source = (file) => ({ file, byteOffset: 0, dtype: "F32", readBefore: false });
  const cut = () => ({ threshold: 0x3f000000, tied: 9, taken: 4, firstTie: 0 });
  const models = () => [
    { source: source(model), weight: 1, voteWeight: 1, rescale: 1, trim: "everything" },
    { source: source(base), weight: 0.5, voteWeight: 1, rescale: 2, trim: cut() },
  ];
  const job = () => ({ base: source(base), models: models(), elementCount: ELEMENTS });
  const election = () => ({ zeroSign: 2, priority: 0 });
  const sampling = () => ({ run: 64, stride: 256 });
  const earlier = () => ({ bins: new ArrayBuffer(8 * 2 ** 15, { maxByteLength: 2 ** 20 }), above: 3 });
  const target = () => ({ file: output, byteOffset: 4096 * 3 + 8, dtype: "F32", saturate: true });
  const encoded = (type) => ({ ...target(), encoding: { type, offset: 1, rowElements: 11, headRows: 0 } });
  // A bracket of half a percent around 0.5, which leaves some elements undecided.
  const bracketed = () => ({ threshold: 0x3f000000, tied: 0, taken: 0, firstTie: 0 });
  const draftable = () => {
    const [first, second] = models();
    return { base: source(base), models: [{ ...first, trim: bracketed() }, second], elementCount: ELEMENTS };
  };
  const brackets = () => ({ trimLows: [0x3eff0000, 0x3eff0000], slackLow: 0x3f000000 });
  const combination = () => ({ lambda: 1, normalize: true, slack: bracketed() });
  const draftCall = () => [draftable(), election(), combination(), brackets(), target()];
  const draft = () => addon.draftTies(...draftCall()).draft;
  const jobOf = (number) => ({ draft: number, models: models().map(({ source: _, ...model }) => model) });
  const draftJob = () => jobOf(draft());
  const analysisDraftCall = () => [draftable(), election(), bracketed(), { first: 0, stride: 3 }, brackets()];
  const analysisDraftJob = () => jobOf(addon.draftAnalysis(...analysisDraftCall()).draft);
  const lock = lockOf(join(folder, `lock${threadId}`));
  let reserved = 0;
  return {
    mapFile: () => [join(folder, "base"), false],
    closeFile: () => [addon.mapFile(join(folder, "empty"))],
    readAhead: () => [model, 0, 4096],
    hashRange: () => [model, 8, 40_000],
    hashBytes: () => [new Uint8Array(new ArrayBuffer(64, { maxByteLength: 4096 }))],
    reserveFile: () => [join(folder, `reserved${thread}-${reserved++}`), 4096],
    openOutput: () => [join(folder, `out${thread}`)],
    closeOutput: () => [addon.openOutput(join(folder, `out${thread}`))],
    tallyTrim: () => [
      { base: source(base), model: source(model), elementCount: ELEMENTS },
      window(),
      sampling(),
      earlier(),
    ],
    tallySlack: () => [job(), election(), window(), sampling(), earlier()],
    blockNorms: () => [job()],
    compare: () => [source(base), source(model), ELEMENTS],
    combine: () => ["ties", job(), election(), { lambda: 1, normalize: true, slack: cut() }, encoded("f16")],
    draftTies: draftCall,
    tallyDraftTrim: () => [{ draft: draft() }, 0, window()],
    tallyDraftSlack: () => [draftJob(), election(), window()],
    finishDraft: () => [draftJob(), election(), combination(), encoded("bf16")],
    dropDraft: () => [draft()],
    analyse: () => [job(), election(), cut(), { first: 0, stride: 3 }],
    draftAnalysis: analysisDraftCall,
    analyseDraft: () => [analysisDraftJob(), election(), bracketed()],
    tallyLosses: () => [job(), election()],
    tallyClasses: () => [job(), 1, election()],
    releaseScratch: () => [],
    threadCpuSeconds: () => [],
    tryLock: () => [lock],
    isLocked: () => [lock],
    exchangePaths: () => [join(folder, `out${thread}`), join(folder, `swap${thread}`)],
    copyRange: () => [{ file: model, byteOffset: 4 }, 12_345, { file: output, byteOffset: 4096 * 3 + 8 }],
  };
}

const isCount = (value) => Number.isInteger(value) && value >= 0;
const isTally = ({ above, bins }) =>
  isCount(above) && bins instanceof ArrayBuffer && bins.byteLength % 8 === 0;
const isObject = (value) => typeof value === "object" && value !== null;

const isAnalysis = ({ failure, conflicts, pairs }) =>
  isObject(failure) || (isCount(conflicts) && Array.isArray(pairs));

/** By export: whether an answer is of the right kind. */
export const RIGHT_KIND = {
  mapFile: isObject,
  closeFile: (answer) => answer === undefined,
  readAhead: (answer) => answer === undefined,
  hashRange: (answer) => HASH.test(answer),
  hashBytes: (answer) => HASH.test(answer),
  reserveFile: (answer) => answer === undefined,
  openOutput: isObject,
  closeOutput: (answer) => answer === undefined,
  tallyTrim: isTally,
  tallySlack: (answer) => isTally(answer) && isCount(answer.positive) && isCount(answer.discarded),
  blockNorms: (answer) => answer instanceof Float64Array && answer.length % 2 === 0,
  compare: (answer) => isCount(answer.differing) && answer.squares instanceof Float64Array,
  combine: (answer) =>
    isObject(answer.failure)
      ? isCount(answer.failure.element)
      : HASH.test(answer.hash) && isCount(answer.conflicts) && Array.isArray(answer.models),
  draftTies: (answer) => answer === null || (isCount(answer.undecided) && Array.isArray(answer.models)),
  tallyDraftTrim: isTally,
  tallyDraftSlack: (answer) => isTally(answer) && isCount(answer.discarded),
  finishDraft: (answer) => isObject(answer.failure) || HASH.test(answer.hash),
  dropDraft: (answer) => answer === undefined,
  analyse: isAnalysis,
  draftAnalysis: (answer) => answer === null || (isCount(answer.undecided) && isAnalysis(answer)),
  analyseDraft: isAnalysis,
  tallyLosses: (answer) => isCount(answer.discarded) && answer.bins instanceof Uint32Array,
  tallyClasses: (answer) => answer === null || answer instanceof Uint32Array,
  releaseScratch: (answer) => answer === undefined,
  threadCpuSeconds: (answer) => answer > 0,
  tryLock: (answer) => typeof answer === "boolean",
  isLocked: (answer) => typeof answer === "boolean",
  exchangePaths: (answer) => typeof answer === "boolean" || answer === undefined,
  copyRange: (answer) => HASH.test(answer.hash),
};

/** The exports that are functions. */
export function functionsOf(addon) {
  return Object.keys(addon).filter((name) => typeof addon[name] === "function");
}

/** Reserving a file works only once, and time goes on. */
const ANSWER_OTHERWISE = ["reserveFile", "threadCpuSeconds"];

/** The answers of the right calls as one text, of those that answer the same every time. */
export async function rightAnswers(addon, right) {
  const answers = {};
  for (const name of functionsOf(addon))
    if (right[name] !== undefined && !ANSWER_OTHERWISE.includes(name))
      answers[name] = await addon[name](...right[name]());
  addon.closeFile(answers.mapFile);
  addon.closeOutput(answers.openOutput);
  // Drafts are numbered as they are made.
  return JSON.stringify(answers, (key, value) => {
    if (key === "draft") return undefined;
    return value instanceof ArrayBuffer ? [...new Uint32Array(value)] : value;
  });
}
