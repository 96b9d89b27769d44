/** Does a command line ask what it may say? */
export function asksUsage(argv: readonly string[]): boolean {
  return argv.includes("--help") || argv.includes("-h");
}

/** What is wrong with a command line, as one line for whoever typed it: a usage, or Node's own words, goes on over several lines at times. */
export function misuseLine(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return `dev: ${line}`;
}
