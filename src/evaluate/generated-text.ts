/** A text as it is generated, byte by byte, until a stop text appears. */
import type { GenerateAnswer } from "./backend.ts";

export class GeneratedText {
  readonly #stops: readonly Buffer[];
  #bytes = Buffer.alloc(0);

  constructor(stops: readonly string[]) {
    this.#stops = stops.map((stop) => Buffer.from(stop, "utf8"));
  }

  /** Appends bytes; true once a stop text is complete: it and what follows are cut off. */
  add(bytes: Uint8Array): boolean {
    const before = this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const ends = this.#stops
      .map((stop) => this.#bytes.indexOf(stop, Math.max(0, before - stop.length + 1)))
      .filter((at) => at >= 0);
    if (ends.length === 0) return false;
    this.#bytes = this.#bytes.subarray(0, Math.min(...ends));
    return true;
  }

  /** The answer; its text has replacement characters where the bytes are no UTF-8. */
  finish(ended: GenerateAnswer["ended"]): GenerateAnswer {
    return { text: this.#bytes.toString("utf8"), bytes: this.#bytes.toString("base64"), ended };
  }
}
