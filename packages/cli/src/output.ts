import { once } from "node:events";
import { writeSync } from "node:fs";
import { lstat, open, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Writable } from "node:stream";
import { DispatchError } from "@org/dispatch-core";
import { messageOf, misuse } from "./failure.ts";
import { fifoToWrite } from "./fifo.ts";
import { type FileIdentity, isSameFile } from "./file-identity.ts";
import type { SignalWatch } from "./signals.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where result lines go. */
export interface Output {
  /** Takes one line, without its line break. A promise means: wait for it before the next. Throws CLOSED where nobody can read it any more. */
  write(line: string): Promise<void> | undefined;
  /** Writes what is left and resolves when it is out of our hands. Throws CLOSED as `write` does. */
  finish(): Promise<void>;
  /** Writes what is left at once, without waiting for anything: the process is about to end. Never throws. */
  save(): void;
  /** Empties a file that was there, now that the run begins: until then what it holds may be all that there is. */
  begin(): Promise<void>;
  /** Ends before anything began: removes the file, if it was made here and is empty. */
  discard(): Promise<void>;
}

/** Lines are gathered up to so many characters before they are handed to the stream; what waits is handed over at the end of the turn anyway. */
const GATHER_CHARACTERS = 64 * 1024;

/**
 * Opens the output: standard output for `-`, else a file. Throws CONFIG_INVALID for a file that exists (unless `force`), that is the input, or that
 * cannot be made. Waits for who reads a FIFO, until the first signal.
 */
export async function openOutput(
  path: string,
  options: { readonly force: boolean; readonly input: FileIdentity | undefined },
  around: Pick<Surroundings, "cwd" | "stdout" | "clock">,
  signals: Pick<SignalWatch, "first">,
): Promise<Output> {
  if (path === "-") return outputTo(around.stdout, "standard output", { close: false });
  const file = resolve(around.cwd, path);
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  if (found?.isDirectory()) throw misuse(`the output file ${path} is a folder`);
  // A device or a pipe is there to be written to; only a file has something to lose.
  if (found?.isFile() && !options.force) throw misuse(`the output file ${path} exists; --force overwrites it`);
  if (found?.isFile() && isSameFile(found, options.input)) throw misuse(`the output file ${path} is the input file`);
  const cannot = (error: unknown): never => {
    if (error instanceof DispatchError) throw error;
    throw misuse(`the output file ${path} cannot be made: ${messageOf(error)}`, { cause: error });
  };
  if (found?.isFIFO()) {
    const fifo = await fifoToWrite(file, around.clock, signals).catch(cannot);
    return outputTo(fifo, path, { close: true, discard: async () => void fifo.destroy() });
  }
  if (found === undefined && (await lstat(file).catch(() => undefined))?.isSymbolicLink())
    throw misuse(`the output file ${path} is a link to a file that does not exist`);
  const flag = found === undefined ? "wx" : found.isFile() ? "r+" : "w";
  const handle = await open(file, flag).catch(cannot);
  const stream = handle.createWriteStream();
  const discard = async () => {
    stream.destroy();
    if (found === undefined) await rm(file, { force: true });
  };
  const isFile = (await handle.stat()).isFile();
  const begin = () => (isFile ? handle.truncate() : Promise.resolve());
  const rewrite = (bytes: Buffer, at: number) => void writeSync(handle.fd, bytes, 0, bytes.length, at);
  return outputTo(stream, path, { close: true, begin, discard, ...(isFile && { rewrite }) });
}

interface OutputOptions {
  readonly close: boolean;
  readonly begin?: () => Promise<void>;
  readonly discard?: () => Promise<void>;
  /** Writes synchronously at a place, in bytes from the beginning; absent where there is no such thing. */
  readonly rewrite?: (bytes: Buffer, at: number) => void;
}

/** An output on any stream; `name` is for messages. */
export function outputTo(stream: Writable, name: string, options: OutputOptions): Output {
  const { rewrite, begin = async () => {}, discard = async () => {} } = options;
  let gathered = "";
  /** What was handed to the stream, and is not known to be written, first to last. */
  const handed: string[] = [];
  let writtenBytes = 0;
  let scheduled = false;
  let failure: DispatchError | undefined;
  const fail = (error: unknown): DispatchError => {
    failure ??= new DispatchError("CLOSED", `cannot write to ${name}: ${messageOf(error)}`, { cause: error });
    return failure;
  };
  stream.on("error", fail);
  const flush = (): boolean => {
    const text = gathered;
    gathered = "";
    if (text === "" || failure !== undefined) return true;
    if (rewrite === undefined) return stream.write(text);
    handed.push(text);
    return stream.write(text, () => {
      writtenBytes += Buffer.byteLength(handed.shift() ?? "");
    });
  };
  const drained = async () => {
    if (stream.writableNeedDrain) await once(stream, "drain").catch((error: unknown) => Promise.reject(fail(error)));
  };
  return {
    write(line) {
      if (failure !== undefined) throw failure;
      gathered += `${line}\n`;
      if (gathered.length >= GATHER_CHARACTERS) return flush() ? undefined : drained();
      if (!scheduled) {
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          flush();
        });
      }
      return stream.writableNeedDrain ? drained() : undefined;
    },
    async finish() {
      flush();
      const done = new Promise<void>((resolveDone, reject) => {
        const after = (error?: Error | null) => (error ? reject(error) : resolveDone());
        if (options.close) stream.end(after);
        else stream.write("", after);
      });
      await done.catch((error: unknown) => Promise.reject(fail(error)));
      if (failure !== undefined) throw failure;
    },
    save() {
      try {
        // The same bytes at the same place: a write that is under way, however far it has got, is not disturbed.
        if (rewrite === undefined) flush();
        else if (failure === undefined) rewrite(Buffer.from(handed.join("") + gathered), writtenBytes);
      } catch {
        // There is nobody left to tell, and nothing left to do.
      }
    },
    begin,
    discard,
  };
}
