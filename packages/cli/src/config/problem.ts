import { DispatchError } from "@org/dispatch-core";

/** One thing that is wrong, or worth a warning, in a configuration file. */
export interface Problem {
  /** The key as it is spelled in the file, with dots; empty where it is the file as a whole. */
  readonly path: string;
  /** Counted from 1; absent where the format does not tell. */
  readonly line?: number | undefined;
  /** A sentence without the value of anything secret. */
  readonly message: string;
}

/** More than this nobody reads at once. */
const MAX_LISTED = 100;

/** Everything that is wrong with a configuration file at once, each on a line of its own. */
export class ConfigError extends DispatchError {
  readonly problems: readonly Problem[];
  /** One text a problem: `FILE:LINE: KEY: sentence`. */
  readonly lines: readonly string[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.slice(0, MAX_LISTED).map((problem) => problemLine(file, problem));
    if (problems.length > MAX_LISTED) lines.push(`${file}: and ${problems.length - MAX_LISTED} problems more`);
    super("CONFIG_INVALID", lines.join("; "));
    this.problems = problems;
    this.lines = lines;
  }
}

/** `FILE:LINE: KEY: sentence`. */
export function problemLine(file: string, { path, line, message }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path === "" ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}
