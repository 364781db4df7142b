/** Values that no caller should pass, as makers, since some can be used up. */

const detached = (Array_, ...words) => {
  const array = new Array_(...words);
  structuredClone(array, { transfer: [array.buffer ?? array] });
  return array;
};
const shrunk = () => {
  const buffer = new ArrayBuffer(4096, { maxByteLength: 8192 });
  const array = new Uint8Array(buffer, 1024, 512);
  buffer.resize(16);
  return array;
};
const thrower = () => {
  throw new Error("a getter that throws");
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const traps = Object.fromEntries(
  ["get", "has", "getPrototypeOf", "ownKeys", "getOwnPropertyDescriptor"].map((trap) => [trap, thrower]),
);

/** By name; `handles` are makers of one of each kind, open and closed. */
export function hostileValues(handles) {
  const numbers = [
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    -0,
    0,
    0.5,
    -0.5,
    1,
    2,
    7,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
  ];
  numbers.push(2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, 2 ** 64, 1e308, 5e-324);
  const texts = [
    "",
    "F16",
    "BF16",
    "nothing",
    "linear",
    "task",
    "/",
    "a\0b",
    "\ud800",
    "x".repeat(1e5),
    "17",
  ];
  const plain = [...numbers, ...texts, undefined, null, true, false, 5n, Symbol("s")];
  const makers = plain.map((value) => [
    typeof value === "string" ? `"${value.slice(0, 9)}"` : String(value),
    () => value,
  ]);
  for (const [name, make] of Object.entries(handles)) {
    makers.push([name, make]);
    makers.push([`clone of ${name}`, () => structuredClone(make())]);
    makers.push([`heir of ${name}`, () => Object.create(make())]);
    makers.push([`proxy of ${name}`, () => new Proxy(make(), {})]);
  }
  return new Map([
    ...makers,
    ["{}", () => ({})],
    ["[]", () => []],
    ["holes", () => new Array(3)],
    ["long array", () => new Array(2 ** 32 - 1)],
    ["null prototype", () => Object.create(null)],
    ["function", () => () => 1],
    ["Date", () => new Date()],
    ["Number", () => new Number(5)],
    ["String", () => new String("F32")],
    ["Proxy", () => new Proxy({}, {})],
    ["Proxy of array", () => new Proxy([{}], {})],
    ["Proxy that throws", () => new Proxy({}, traps)],
    ["revoked Proxy", revoked],
    [
      "primitive of a thrower",
      () => ({ valueOf: thrower, toString: thrower, [Symbol.toPrimitive]: thrower }),
    ],
    ["ArrayBuffer", () => new ArrayBuffer(8 * 2 ** 15)],
    ["empty ArrayBuffer", () => new ArrayBuffer(0)],
    ["detached ArrayBuffer", () => detached(ArrayBuffer, 8 * 2 ** 15)],
    ["SharedArrayBuffer", () => new SharedArrayBuffer(8 * 2 ** 15)],
    ["growable SharedArrayBuffer", () => new SharedArrayBuffer(8, { maxByteLength: 8 * 2 ** 15 })],
    ["Uint8Array", () => new Uint8Array(64)],
    ["shared Uint8Array", () => new Uint8Array(new SharedArrayBuffer(64))],
    ["detached Uint8Array", () => detached(Uint8Array, 64)],
    ["shrunk Uint8Array", shrunk],
    ["Buffer", () => Buffer.from("bytes")],
    ["Float64Array", () => new Float64Array(8)],
    ["BigInt64Array", () => new BigInt64Array(8)],
    ["DataView", () => new DataView(new ArrayBuffer(8))],
    ["Promise", () => Promise.resolve({})],
    ["Map", () => new Map()],
  ]);
}
