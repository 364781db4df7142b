/** Bytes as a broken disk, a broken download or somebody hostile leaves them. */
import fc from "fast-check";

/** What no UTF-8 text holds, what few do, and what ends or opens JSON and YAML. */
const insertions: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 6 }),
  fc
    .constantFrom(
      [0xff],
      [0xc0, 0x80], // NUL, overlong
      [0xed, 0xa0, 0x80], // half a surrogate pair
      [0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
      [0xe2, 0x80], // cut short
      [0xef, 0xbb, 0xbf], // a byte order mark
      [0x00],
      [0x1b, 0x5b, 0x32, 0x4a], // clears a terminal
      [0x7b],
      [0x7d],
      [0x22],
      [0x5c],
      [0x0a],
    )
    .map((bytes) => Uint8Array.from(bytes)),
);

const damages = fc.oneof(
  fc.record({ kind: fc.constant("flip"), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("insert"), at: fc.nat(), bytes: insertions }),
  fc.record({ kind: fc.constant("remove"), at: fc.nat(), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("repeat"), at: fc.nat(), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant("truncate"), at: fc.nat() }),
);
type Damage = { kind: string; at: number; bit?: number; bytes?: Uint8Array; count?: number };

/** The bytes of `texts`, every other one of them damaged in one to three places. */
export function damaged(texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const lists = fc.oneof(
    fc.constant<Damage[]>([]),
    fc.array<Damage>(damages, { minLength: 1, maxLength: 3 }),
  );
  return fc.tuple(texts, lists).map(([text, list]) => list.reduce(apply, Buffer.from(text) as Buffer));
}

function apply(bytes: Buffer, { kind, at: anywhere, bit = 0, bytes: inserted, count = 0 }: Damage): Buffer {
  const at = anywhere % (bytes.byteLength + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === "insert") return Buffer.concat([before, inserted ?? Buffer.alloc(0), after]);
  if (kind === "remove") return Buffer.concat([before, after.subarray(count)]);
  if (kind === "repeat") return Buffer.concat([before, after.subarray(0, count), after]);
  if (kind === "truncate") return before;
  const flipped = Buffer.from(bytes);
  if (at < flipped.byteLength) flipped[at] = (flipped[at] as number) ^ (1 << bit);
  return flipped;
}
