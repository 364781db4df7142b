/** Streams one tensor from a checkpoint into a GGUF file, a bounded number of rows at a time. */
import type { FileHandle } from "node:fs/promises";
import { DTYPE_BYTES } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import { firstUnfit, hasSameBytes, narrow, widen } from "./elements.ts";
import type { PlacedGgufTensor } from "./layout.ts";
import { interleavedRow } from "./rotary-rows.ts";
import type { MappedTensor, SourceTensor } from "./tensors.ts";

/** What is read at a time, at most, unless a single head is larger: bounds the memory. */
const PIECE_ELEMENTS = 4 * 2 ** 20;

/** A tensor of a checkpoint's file, as it is to be written. */
type StoredTensor = MappedTensor<SourceTensor & { readonly path: string; readonly byteOffset: number }>;

/**
 * @param advanced hears the bytes read after every piece, and may throw to stop
 * @throws {TiesmithError} `NOT_FINITE`, `OVERFLOW` naming tensor and index; `INPUT_CHANGED` if the file ends early
 */
export async function writeTensor(
  tensor: PlacedGgufTensor<StoredTensor>,
  input: FileHandle,
  output: FileHandle,
  advanced: (byteCount: number) => void,
): Promise<void> {
  const rowElements = tensor.shape.length < 2 ? 1 : (tensor.shape.at(-1) as number);
  const rows = tensor.shape.reduce((product, size) => product * size, 1) / Math.max(1, rowElements);
  const together = tensor.rotaryHeadRows ?? (tensor.shape.length < 2 ? PIECE_ELEMENTS : 1);
  const step = Math.max(together, Math.floor(PIECE_ELEMENTS / rowElements / together) * together);
  const elementBytes = DTYPE_BYTES[tensor.source.dtype];
  let at = tensor.byteOffset;
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row) * rowElements;
    const bytes = await readPiece(input, tensor, row * rowElements * elementBytes, count * elementBytes);
    const piece = converted(
      inFileOrder(bytes, tensor, rowElements * elementBytes),
      tensor,
      row * rowElements,
    );
    await output.write(piece, 0, piece.byteLength, at);
    at += piece.byteLength;
    advanced(bytes.byteLength);
  }
}

async function readPiece(
  input: FileHandle,
  { source }: StoredTensor,
  offset: number,
  byteCount: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(byteCount);
  for (let done = 0; done < byteCount; ) {
    const { bytesRead } = await input.read(bytes, done, byteCount - done, source.byteOffset + offset + done);
    if (bytesRead === 0)
      throw new TiesmithError(
        "INPUT_CHANGED",
        `Expected ${source.path} to stay as it was, but it became shorter`,
        {
          path: source.path,
        },
      );
    done += bytesRead;
  }
  return bytes;
}

function inFileOrder(bytes: Uint8Array, { rotaryHeadRows }: StoredTensor, rowBytes: number): Uint8Array {
  if (rotaryHeadRows === null) return bytes;
  const ordered = new Uint8Array(bytes.byteLength);
  for (let row = 0; row < bytes.byteLength / rowBytes; row++) {
    const from = interleavedRow(row, rotaryHeadRows) * rowBytes;
    ordered.set(bytes.subarray(from, from + rowBytes), row * rowBytes);
  }
  return ordered;
}

function converted(bytes: Uint8Array, tensor: StoredTensor, firstElement: number): Uint8Array {
  const { source, type, offset } = tensor;
  if (hasSameBytes(source.dtype, type) && offset === 0) return bytes;
  const values = widen(bytes, source.dtype);
  if (offset !== 0) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + offset;
  const unfit = firstUnfit(values, type);
  if (unfit >= 0) throw refusal(tensor, firstElement + unfit, values[unfit] as number);
  return narrow(values, type);
}

function refusal(tensor: StoredTensor, element: number, value: number): TiesmithError {
  const { source, type } = tensor;
  const details = { tensor: source.name, element, value };
  if (!Number.isFinite(value))
    return new TiesmithError(
      "NOT_FINITE",
      `Expected finite numbers in ${source.name}, but found ${value} near element ${element} (${source.path})`,
      details,
    );
  return new TiesmithError(
    "OVERFLOW",
    `Expected values of ${source.name} to fit ${type}, but found ${value} near element ${element}; export as bf16 or f32`,
    details,
  );
}
