/** The command that goes on with an interrupted merge. */

/** The same command line with `--resume`, quoted for a shell. */
export function resumeCommand(argv: readonly string[]): string {
  const words = argv.filter((word) => word !== "--restart" && word !== "--resume");
  return ["tiesmith", ...words, "--resume"].map(quoteForShell).join(" ");
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
