/** Finding repeated keys, which `JSON.parse` hides by keeping the last. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The first key that one object of a JSON text holds twice, or null. Keys are compared after their escapes
 * are resolved. One pass over the text.
 *
 * @param text text that `JSON.parse` has accepted: the scan relies on its syntax
 * @param depthLimit how deep objects are looked into; 1 is the outermost
 */
export function firstDuplicateKey(text: string, depthLimit: number): string | null {
  const keysAtDepth: Set<string>[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === OPEN_BRACE) {
      depth++;
      if (depth <= depthLimit) keysAtDepth[depth] = new Set();
    } else if (unit === CLOSE_BRACE) {
      depth--;
    } else if (unit === QUOTE) {
      const end = closingQuote(text, at);
      if (depth <= depthLimit && isFollowedByColon(text, end)) {
        const key = unescaped(text, at, end);
        const keys = keysAtDepth[depth];
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end;
    }
  }
  return null;
}

/** Where the string that opens at `start` ends: the next quote after an even number of backslashes. */
function closingQuote(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let first = end;
    while (first > start + 1 && text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** In valid JSON only a key is followed by a colon. */
function isFollowedByColon(text: string, quote: number): boolean {
  let at = quote + 1;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return text.charCodeAt(at) === COLON;
}

function unescaped(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end);
  return inner.includes("\\") ? JSON.parse(text.slice(start, end + 1)) : inner;
}
