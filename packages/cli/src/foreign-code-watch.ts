import { errorLine, type Failure, messageOf } from "./failure.ts";

/** What a command does when code that is not ours, a handler or what it imports, meddles with the process. */
export interface ForeignCodeWatch {
  /** It ended the process with that code, which nobody can call back: only what is synchronous still happens. The exit code becomes 1. */
  exited(code: number): void;
  /** It threw where no task can catch. */
  threw(error: unknown): void;
  /** It let go of a promise, which then rejected. */
  rejected(reason: unknown): void;
  /** Nothing is left to wait for, and the command has not ended. Answers what to end it with. */
  stranded(): Failure;
}

/** The error line of a command that ends because of foreign code. */
export function endedLine(message: string): string {
  return errorLine("SHUTTING_DOWN", message);
}

/** What was thrown outside of any task, for people. */
export function thrownText(error: unknown): string {
  return `thrown outside of any task: ${messageOf(error)}`;
}
