/** The pieces of a SentencePiece model, whose file is a protocol buffer. */

const VARINT = 0;
const EIGHT_BYTES = 1;
const LENGTH_DELIMITED = 2;
const FOUR_BYTES = 5;

/**
 * The pieces of a `tokenizer.model` in the order of their ids, or null if the bytes are no SentencePiece model
 * (Llama 3 uses the same file name for another format).
 *
 * `ModelProto.pieces` is field 1, `SentencePiece.piece` field 1 (sentencepiece_model.proto).
 */
export function sentencePieces(model: Uint8Array): string[] | null {
  const pieces: string[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    for (const message of firstFields(model)) {
      const [text] = firstFields(message);
      if (text === undefined) return null;
      pieces.push(decoder.decode(text));
    }
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  }
  return pieces.length === 0 ? null : pieces;
}

/** The length-delimited values of field 1 of a message; other fields are skipped. */
function firstFields(message: Uint8Array): Uint8Array[] {
  const values: Uint8Array[] = [];
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
    const wireType = tag % 8;
    if (wireType === VARINT) varint();
    else if (wireType === EIGHT_BYTES) at += 8;
    else if (wireType === FOUR_BYTES) at += 4;
    else if (wireType === LENGTH_DELIMITED) {
      const length = varint();
      if (tag === 8 + LENGTH_DELIMITED) values.push(message.subarray(at, at + length));
      at += length;
    } else throw new RangeError(`unknown wire type ${wireType}`);
    if (at > message.length) throw new RangeError("message ends inside a field");
  }
  return values;
}
