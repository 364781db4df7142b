/** Preloaded: a time of day that goes back by an hour whenever it is asked for. */
const Real = Date;
let now = Real.now();
const setBack = () => {
  now -= 3_600_000;
  return now;
};
globalThis.Date = class extends Real {
  constructor(...parameters) {
    super(...(parameters.length === 0 ? [setBack()] : parameters));
  }
  static now = setBack;
};
