/**
 * Preloaded into worker threads: ends the thread as TIESMITH_TEST_DEATH says, "WAY COUNT": at the COUNT-th chunk that
 * it combines, or, for 0, before it has loaded anything. WAY is "exit" (process.exit), "throw" (an error outside any
 * task) or "memory" (the heap's limit).
 */
const { isMainThread } = require("node:worker_threads");

const deaths = {
  exit: () => process.exit(7),
  throw: () =>
    setImmediate(() => {
      throw new Error("an error of the test");
    }),
  memory: () => {
    for (const held = []; ; ) held.push(new Array(1e5).fill(held.length));
  },
};

if (!isMainThread) {
  const [way, count] = process.env.TIESMITH_TEST_DEATH.split(" ");
  let left = Number(count);
  if (left === 0) deaths[way]();
  const { dlopen } = process;
  process.dlopen = (module, ...others) => {
    dlopen(module, ...others);
    const { combine } = module.exports;
    module.exports.combine = (...parameters) => {
      const promise = combine(...parameters);
      left -= 1;
      // With its bytes on their way to the disk.
      if (left === 0) deaths[way]();
      return promise;
    };
  };
}
