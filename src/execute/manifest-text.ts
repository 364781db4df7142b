/** The manifest as a file: its last entry is a checksum of all its bytes. */
import { createHash } from "node:crypto";

const DIGITS = 64;
const BEFORE = '"checksum": "';
const AFTER = '"\n}\n';

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The text of a manifest with `checksum`: the SHA-256 of that same text with zeros for the checksum's digits. */
export function manifestText(manifest: object): string {
  const blank = `${JSON.stringify({ ...manifest, checksum: "0".repeat(DIGITS) }, null, 2)}\n`;
  const body = blank.slice(0, -(DIGITS + AFTER.length));
  return `${body}${sha256(Buffer.from(blank))}${AFTER}`;
}

/** The checksum that a manifest tells (null if it tells none where it should), and the one that its bytes have. */
export function manifestChecksums(bytes: Buffer): { told: string | null; found: string } {
  const start = bytes.byteLength - AFTER.length - DIGITS;
  const end = start + DIGITS;
  const isTold =
    bytes.toString("latin1", Math.max(0, start - BEFORE.length), start) === BEFORE &&
    bytes.toString("latin1", end) === AFTER;
  if (!isTold) return { told: null, found: sha256(bytes) };
  const blank = Buffer.from(bytes).fill("0", start, end);
  return { told: bytes.toString("latin1", start, end), found: sha256(blank) };
}
