/** What a subject must be able to do, so that all of them are measured alike. The handler is the same everywhere: it gives its payload back. */
import type { Backend } from "../../packages/core/dist/contract.js";

/** The handler of every task: nothing but the cost of being called, and a result by which it can be told whether it was the right one. */
export async function noOp(payload: number): Promise<number> {
  return payload;
}

/** Is told each result once. */
export type Take = (value: number) => void;

/** Tasks that were sent, and that nobody runs yet. */
export interface Filled {
  /** Runs them, and ends what was opened for it. */
  drain(take: Take): Promise<void>;
}

/** A system at rest. */
export interface Idle {
  /** Sends one task; resolves with its result. One at a time. */
  one(payload: number): Promise<number>;
  close(): Promise<void>;
}

export interface Subject {
  /** Sends the payloads from 0 to `count` - 1, and hands on the result of each. */
  endToEnd(count: number, take: Take): Promise<void>;
  fill(count: number): Promise<Filled>;
  idle(): Promise<Idle>;
}

export interface SubjectOptions {
  /** Puts something around the backend, where there is one. */
  readonly wrap: (backend: Backend) => Backend;
}

export type MakeSubject = (options: SubjectOptions) => Subject;
