import { describe, expect, it } from "vitest";
import { printable, TiesmithError } from "../src/errors.ts";

describe("the message of an error is one line that a terminal can take,", () => {
  it.each([
    ["a line break", "a\nb", "a\\u000ab"],
    ["an escape sequence", "\u001b[2J", "\\u001b[2J"],
    ["a C1 control character", "\u009b2J", "\\u009b2J"],
    ["a line separator", "a\u2028b", "a\\u2028b"],
    ["a change of direction", "\u202egpj", "\\u202egpj"],
    ["half a surrogate pair", "\ud800", "\\ud800"],
  ])("whatever it quotes: %s", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(new TiesmithError("IO_FAILED", text).message).toBe(shown);
    const both = ["1", text].map((message) => ({ code: "IO_FAILED" as const, message, details: {} }));
    const { message, details } = TiesmithError.fromProblems(both);
    expect(message).toBe(`2 problems: 1; ${shown}`);
    expect(details.problems).toMatchObject([{ message: "1" }, { message: shown }]);
  });

  it("and letters of any script, pairs of surrogates included, stay as they are", () => {
    expect(printable("é ж 中 😀 ’")).toBe("é ж 中 😀 ’");
  });
});
