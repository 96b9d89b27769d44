/** Does a command line ask what it may say? */
export function asksUsage(argv: readonly string[]): boolean {
  return argv.includes("--help") || argv.includes("-h");
}
