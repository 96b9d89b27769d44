import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { DispatchError, type Input, invalidInput } from "@org/dispatch-core";
import { ArrayCutter } from "./array-cutter.ts";
import { readEnvelope } from "./envelope.ts";
import { messageOf, misuse, oneLine } from "./failure.ts";
import { fifoToRead } from "./fifo.ts";
import { type FileIdentity, identityOf } from "./file-identity.ts";
import type { Cut } from "./held-bytes.ts";
import { shapeOf } from "./input-shape.ts";
import { LineCutter } from "./line-cutter.ts";
import type { Surroundings } from "./surroundings.ts";

/** An input that is being read. */
export interface InputSource {
  /** What is read, where that has a descriptor: standard input can be a file, too. */
  readonly file: FileIdentity | undefined;
  /** Reads on as they are taken: never more than a chunk ahead. Ends, and does not throw, where reading fails. */
  readonly inputs: AsyncIterable<unknown | Input<unknown>>;
  /** Why reading ended early; undefined while it has not. */
  readonly failure: DispatchError | undefined;
  /** The line that an input came from, from 1: for its result, and forgotten then. `index` counts inputs from 0. */
  takeLine(index: number): number | undefined;
  /** Stops reading at once, also where nothing comes. */
  close(): void;
}

/** Opens a file, or standard input for `-`. Throws CONFIG_INVALID where there is no such file. */
export async function openInput(
  path: string,
  options: { readonly envelope: boolean },
  around: Pick<Surroundings, "cwd" | "stdin">,
): Promise<InputSource> {
  const { stdin } = around;
  if (path === "-") return sourceOf(stdin, path, { ...options, file: identityOf(stdin.fd) });
  const { stream, file } = await openFile(path, around.cwd);
  return sourceOf(stream, path, { ...options, file });
}

async function openFile(path: string, cwd: string) {
  const file = resolve(cwd, path);
  try {
    if ((await stat(file)).isFIFO()) return { stream: fifoToRead(file), file: undefined };
    const handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return { stream: handle.createReadStream(), file: identityOf(handle.fd) };
    await handle.close();
  } catch (error) {
    throw misuse(`the input file ${path} cannot be opened: ${messageOf(error)}`, { cause: error });
  }
  throw misuse(`the input file ${path} is a folder`);
}

/** Reads the inputs of a stream; `name` is for messages. */
export function sourceOf(
  stream: Readable,
  name: string,
  { envelope, file }: { readonly envelope: boolean; readonly file?: FileIdentity | undefined },
): InputSource {
  let closed = false;
  let failure: DispatchError | undefined;
  /** Of the inputs without a result: no more than a run has in flight. */
  const lines = new Map<number, number>();
  let index = 0;
  async function* inputs(): AsyncGenerator<unknown | Input<unknown>> {
    try {
      for await (const cut of cutsOf(stream)) {
        lines.set(index, cut.line);
        index += 1;
        yield readCut(cut, envelope);
      }
    } catch (error) {
      if (closed) return;
      failure = new DispatchError("INPUT_INVALID", `reading ${name} failed: ${messageOf(error)}`, { cause: error });
    }
  }
  return {
    file,
    inputs: inputs(),
    get failure() {
      return failure;
    },
    takeLine(of) {
      const line = lines.get(of);
      lines.delete(of);
      return line;
    },
    close() {
      closed = true;
      stream.destroy();
    },
  };
}

async function* cutsOf(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Cut> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let cutter: LineCutter | ArrayCutter | undefined;
  for await (const part of stream) {
    const chunk = typeof part === "string" ? Buffer.from(part) : part;
    if (cutter !== undefined) {
      yield* cutter.push(chunk);
      continue;
    }
    head = Buffer.concat([head ?? Buffer.alloc(0), chunk]);
    cutter = cutterFor(head, false);
    if (cutter === undefined) continue;
    yield* cutter.push(withoutMark(head));
    head = undefined;
  }
  if (cutter === undefined) {
    const rest = head ?? Buffer.alloc(0);
    cutter = cutterFor(rest, true) ?? new LineCutter();
    yield* cutter.push(withoutMark(rest));
  }
  yield* cutter.end();
}

function cutterFor(head: Buffer, ended: boolean): LineCutter | ArrayCutter | undefined {
  if (!ended && head.length < 3 && head[0] === MARK[0]) return undefined;
  const shape = shapeOf(withoutMark(head), ended);
  if (shape === undefined) return undefined;
  return shape === "array" ? new ArrayCutter() : new LineCutter();
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes without a byte order mark, which editors on Windows write. */
function withoutMark(head: Buffer): Buffer {
  return head.subarray(0, MARK.length).equals(MARK) ? head.subarray(MARK.length) : head;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A line as an input: its payload, or one whose result will be `dead` with INPUT_INVALID and the number of the line. */
function readCut(cut: Cut, envelope: boolean): unknown | Input<unknown> {
  const where = `line ${cut.line}`;
  if (cut.fault !== undefined) return invalidInput(`${where}: ${cut.fault}`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(cut.bytes));
  } catch (error) {
    return invalidInput(`${where}: ${error instanceof TypeError ? "not valid UTF-8" : oneLine(messageOf(error))}`);
  }
  return envelope ? readEnvelope(value, where) : value;
}
