/** A SentencePiece model, whose file is a protocol buffer (sentencepiece_model.proto). */

const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH_DELIMITED = 2;
const FOUR_BYTES = 5;

/** Piece types as the file numbers them; GGUF uses the same numbers. */
export const PIECE_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** One entry of the vocabulary; its id is its place. */
export interface SentencePiece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** What a tokenizer needs to know of a SentencePiece model. */
export interface SentencePieceModel {
  readonly pieces: readonly SentencePiece[];
  /** `TrainerSpec.model_type`: 1 unigram, 2 BPE, 3 word, 4 char. */
  readonly algorithm: number;
  /** Whether a space is put before every text. */
  readonly addsDummyPrefix: boolean;
}

/**
 * Reads a `tokenizer.model`, or null if the bytes are no SentencePiece model (Llama 3 uses the same file name for
 * another format).
 *
 * `ModelProto`: pieces 1, trainer_spec 2, normalizer_spec 3. `SentencePiece`: piece 1, score 2 (float), type 3.
 * `TrainerSpec`: model_type 3. `NormalizerSpec`: add_dummy_prefix 3 (default true).
 */
export function readSentencePieceModel(model: Uint8Array): SentencePieceModel | null {
  return unlessBroken(() => {
    const pieces = readPieces(model);
    const messages = (wanted: number) =>
      fieldsOf(model).flatMap(({ number, value }) =>
        number === wanted && value instanceof Uint8Array ? [value] : [],
      );
    const algorithm =
      messages(2)
        .map((message) => lastNumber(message, 3))
        .at(-1) ?? 1;
    const addsDummyPrefix =
      (messages(3)
        .map((message) => lastNumber(message, 3))
        .at(-1) ?? 1) !== 0;
    return pieces.length === 0 ? null : { pieces, algorithm, addsDummyPrefix };
  });
}

/**
 * The pieces of a `tokenizer.model` in the order of their ids, or null if the bytes are no SentencePiece model. The
 * settings beside them are not looked at.
 */
export function sentencePieces(model: Uint8Array): string[] | null {
  const pieces = unlessBroken(() => readPieces(model).map(({ text }) => text));
  return pieces === null || pieces.length === 0 ? null : pieces;
}

function unlessBroken<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
}

function readPieces(model: Uint8Array): SentencePiece[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (bytes: Uint8Array): string => decoder.decode(bytes);
  return fieldsOf(model).flatMap(({ number, value }) =>
    number === 1 && value instanceof Uint8Array ? [readPiece(value, decode)] : [],
  );
}

interface Field {
  readonly number: number;
  /** Bytes of a nested message or text, or a number; four bytes are a float. */
  readonly value: Uint8Array | number;
}

function readPiece(message: Uint8Array, decode: (bytes: Uint8Array) => string): SentencePiece {
  let text: string | undefined;
  let [score, type]: [number, number] = [0, PIECE_TYPE.normal];
  for (const { number, value } of fieldsOf(message)) {
    if (number === 1 && value instanceof Uint8Array) text = decode(value);
    if (number === 2 && typeof value === "number") score = value;
    if (number === 3 && typeof value === "number") type = value;
  }
  if (text === undefined) throw new RangeError("a piece without a text");
  return { text, score, type };
}

function lastNumber(message: Uint8Array, wanted: number): number | undefined {
  const values = fieldsOf(message).filter(({ number }) => number === wanted);
  const value = values.at(-1)?.value;
  return typeof value === "number" ? value : undefined;
}

function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError("message ends inside a number");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError("number is too long");
  };
  while (at < message.length) {
    const tag = varint();
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === VARINT) fields.push({ number, value: varint() });
    else if (wireType === EIGHT_BYTES) at += 8;
    else if (wireType === FOUR_BYTES) {
      fields.push({ number, value: view.getFloat32(at, true) });
      at += 4;
    } else if (wireType === LENGTH_DELIMITED) {
      const length = varint();
      fields.push({ number, value: message.subarray(at, at + length) });
      at += length;
    } else throw new RangeError(`unknown wire type ${wireType}`);
    if (at > message.length) throw new RangeError("message ends inside a field");
  }
  return fields;
}
