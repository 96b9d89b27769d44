import {
  type BadFrame,
  type Counters,
  type DeathNote,
  type Frame,
  type FrameType,
  MOST_TASKS,
  type OutFrame,
  type TaskInfo,
} from "../contract/index.ts";
import { type Extension, encodeExtension, MOST_EXTENSION_BYTES, readExtension } from "./extension.ts";
import { at, frameTypes, HEADER_BYTES, MAGIC, most, packCodecs, unpackCodecs, VERSION } from "./header.ts";
import { PLAIN_CODECS } from "./json.ts";
import { readRun, writeRun } from "./run-name.ts";

/** What a frame is made of. */
export interface FrameParts extends Partial<Counters> {
  readonly type: FrameType;
  readonly priority: number;
  /** 11 characters, as `newRun` makes them. */
  readonly run: string;
  readonly first: number;
  readonly count: number;
  readonly extension: Extension;
  /** JSON. */
  readonly body: string;
}

export function encodeFrame(parts: FrameParts): Buffer {
  return writeFrame(parts, encodeExtension(parts.extension), PLAIN_CODECS, parts.body);
}

/** A frame of an extension that is encoded already, and of a body to which `codecs` were done. */
export function writeFrame(
  parts: Omit<FrameParts, "extension" | "body">,
  extension: Buffer,
  codecs: readonly number[],
  body: string | Uint8Array,
): Buffer {
  return filledFrame(writeHead(parts, extension), parts.first, codecs, body);
}

/** Header and extension of a frame, with no index and no codecs yet. */
export function writeHead(parts: Omit<FrameParts, "extension" | "body" | "first">, extension: Buffer): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + extension.length);
  bytes[at.magic] = MAGIC;
  bytes[at.kind] = (VERSION << 4) | frameTypes.indexOf(parts.type);
  bytes[at.priority] = parts.priority;
  writeCounters(bytes, { round: 0, attempt: 0, copy: 0, lost: 0, ...parts });
  writeRun(bytes, parts.run);
  bytes.writeUInt16BE(parts.count, at.count);
  bytes.writeUIntBE(extension.length, at.extension, 3);
  extension.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** A frame of such a head: its index, its codecs and its body are filled in. A text is written as UTF-8. */
export function filledFrame(head: Buffer, first: number, codecs: readonly number[], body: string | Uint8Array): Buffer {
  const start = head.length;
  const bytes = typeof body === "string" ? withText(start, body) : withBytes(start, body);
  bytes.set(head);
  bytes.writeUInt32BE(first, at.first);
  bytes.writeUInt16BE(codecs === PLAIN_CODECS ? PLAIN : packCodecs(codecs), at.codecs);
  return bytes;
}

function withBytes(start: number, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(start + body.length);
  bytes.set(body, start);
  return bytes;
}

/** A long text is mostly ASCII: to find out by writing it costs half of measuring it first. */
function withText(start: number, text: string): Buffer {
  if (text.length > LONG_CHARACTERS) {
    const bytes = Buffer.allocUnsafe(start + text.length);
    if (utf8.encodeInto(text, bytes.subarray(start)).read === text.length) return bytes;
  }
  const bytes = Buffer.allocUnsafe(start + Buffer.byteLength(text, "utf8"));
  bytes.write(text, start, "utf8");
  return bytes;
}

/** From here on the view that the encoder wants is cheaper than measuring. */
const LONG_CHARACTERS = 2_048;

const utf8 = new TextEncoder();

/** A frame from outside. Never throws: what is not ours, or damaged, comes back as `bad`. `queue` and `lane` are those that it was read from. */
export function decodeFrame(raw: Uint8Array, queue: string, lane: string): Frame | BadFrame {
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  if (bytes.length < HEADER_BYTES || bytes[at.magic] !== MAGIC)
    return { bad: "FRAME_INVALID", detail: "not a frame of this dispatcher" };
  const kind = bytes.readUInt8(at.kind);
  if (kind >>> 4 !== VERSION)
    return { bad: "FRAME_INVALID", detail: `version ${kind >>> 4}, this process knows ${VERSION}` };
  const type = frameTypes[kind & 15];
  if (type === undefined) return { bad: "FRAME_INVALID", detail: `type ${kind & 15}` };
  // Before anything is made of it: what a task costs to read must not depend on what a damaged header claims.
  const count = bytes.readUInt16BE(at.count);
  if (count > (type === "task" ? MOST_TASKS : 0))
    return { bad: "FRAME_INVALID", detail: `a ${type} frame of ${count} tasks` };
  if (bytes.readUInt32BE(at.first) + count > most.first + 1)
    return { bad: "FRAME_INVALID", detail: `${count} tasks from the last index on` };
  const extensionBytes = bytes.readUIntBE(at.extension, 3);
  const body = HEADER_BYTES + extensionBytes;
  if (body > bytes.length) return { bad: "FRAME_INVALID", detail: "cut short" };
  if (extensionBytes > MOST_EXTENSION_BYTES)
    return { bad: "FRAME_INVALID", detail: `an extension of ${extensionBytes} bytes` };
  try {
    const extension = readExtension(bytes, HEADER_BYTES, body, count);
    return new DecodedFrame(bytes, type, extension, body, queue, lane);
  } catch (error) {
    return { bad: "FRAME_INVALID", detail: error instanceof Error ? error.message : "damaged" };
  }
}

/** Since when it can be taken, in wall-clock ms, as far as it says so itself. */
export function readyAt({ firstSentAt, dueAt = 0 }: Frame): number {
  return Math.max(firstSentAt, dueAt);
}

export function isBad(value: object): value is BadFrame {
  return "bad" in value;
}

const PLAIN = packCodecs(PLAIN_CODECS);

const SHORT_BYTES = 65_536;

class DecodedFrame implements Frame {
  readonly bytes: Buffer;
  readonly type: FrameType;
  readonly #extension: Extension;
  readonly #body: number;
  readonly queue: string;
  readonly lane: string;

  constructor(bytes: Buffer, type: FrameType, extension: Extension, body: number, queue: string, lane: string) {
    this.bytes = bytes;
    this.type = type;
    this.#extension = extension;
    this.#body = body;
    this.queue = extension.queue ?? queue;
    this.lane = extension.lane ?? lane;
  }

  get priority(): number {
    return Math.min(10, this.bytes[at.priority] as number);
  }
  get round(): number {
    return this.bytes[at.round] as number;
  }
  get attempt(): number {
    return this.bytes.readUInt16BE(at.attempt);
  }
  get copy(): number {
    return this.bytes.readUInt16BE(at.copy);
  }
  get lost(): number {
    return this.bytes[at.lost] as number;
  }
  get run(): string {
    return readRun(this.bytes);
  }
  get first(): number {
    return this.bytes.readUInt32BE(at.first);
  }
  get count(): number {
    return this.bytes.readUInt16BE(at.count);
  }
  get coordinator(): string | undefined {
    return this.#extension.coordinator;
  }
  get dueAt(): number | undefined {
    return this.#extension.dueAt;
  }
  get leaveAt(): number | undefined {
    return this.#extension.leaveAt;
  }
  get key(): string | undefined {
    return this.#extension.key;
  }
  get firstSentAt(): number {
    return this.#extension.firstSentAt;
  }
  get tasks(): readonly TaskInfo[] {
    return this.#extension.tasks;
  }
  get death(): DeathNote | undefined {
    return this.#extension.death;
  }
  get body(): Uint8Array {
    return this.bytes.subarray(this.#body);
  }
  get shortText(): string | undefined {
    return this.bytes.length > SHORT_BYTES ? undefined : this.bytes.toString("utf8", this.#body);
  }
  get codecs(): readonly number[] {
    const packed = this.bytes.readUInt16BE(at.codecs);
    return packed === PLAIN ? PLAIN_CODECS : unpackCodecs(packed);
  }
  get name(): string {
    return frameName(this.run, this.first, this.count, this);
  }
  /** For a frame that is written again with another extension: all that it has now. */
  get extension(): Extension {
    return this.#extension;
  }
}

/** `run/index#round.attempt~copy`; a pack is `run/first+count#…`. */
export function frameName(run: string, first: number, count: number, counters: Counters): string {
  const task = count > 1 ? `${run}/${first}+${count}` : `${run}/${first}`;
  return `${task}#${counters.round}.${counters.attempt}~${counters.copy}`;
}

/** The same frame under the next name of its line: the bytes are copied, the counters patched. Full counters stay full. */
export function copyBytes(bytes: Uint8Array, counters: Counters): Buffer {
  const copy = Buffer.from(bytes);
  writeCounters(copy, counters);
  return copy;
}

/** The same frame with another extension. */
export function rewrite(frame: Frame, counters: Counters, change: (extension: Extension) => Extension): Buffer {
  if (!(frame instanceof DecodedFrame)) throw new TypeError("not a frame that was decoded here");
  const extension = encodeExtension(change(frame.extension));
  const head = Buffer.from(frame.bytes.subarray(0, HEADER_BYTES));
  writeCounters(head, counters);
  head.writeUIntBE(extension.length, at.extension, 3);
  return Buffer.concat([head, extension, frame.body]);
}

/** The extension of a decoded frame as it came. */
export function extensionOf(frame: Frame): Extension {
  if (!(frame instanceof DecodedFrame)) throw new TypeError("not a frame that was decoded here");
  return frame.extension;
}

/** The body of a decoded frame as text, where it is short: a view of its bytes would cost more than the text. */
export function shortText(frame: object): string | undefined {
  return frame instanceof DecodedFrame ? frame.shortText : undefined;
}

/** The bytes of a decoded frame as they came. */
export function bytesOf(frame: Frame): Buffer {
  if (!(frame instanceof DecodedFrame)) throw new TypeError("not a frame that was decoded here");
  return frame.bytes;
}

function writeCounters(bytes: Buffer, counters: Counters): void {
  bytes[at.round] = Math.min(counters.round, most.round);
  bytes.writeUInt16BE(Math.min(counters.attempt, most.attempt), at.attempt);
  bytes.writeUInt16BE(Math.min(counters.copy, most.copy), at.copy);
  bytes[at.lost] = Math.min(counters.lost, most.lost);
}

/** What a broker may use of a frame natively, beside its bytes. */
export interface OutgoingOptions {
  readonly first: boolean;
  readonly delayMs?: number;
  readonly key?: string | undefined;
  readonly id?: string | undefined;
}

/** What the broker is given of a frame; name and id are made only where an adapter reads them. */
export class OutgoingFrame implements OutFrame {
  readonly bytes: Buffer;
  readonly #options: OutgoingOptions;

  /** The options may be those of other frames, too. */
  constructor(bytes: Buffer, options: OutgoingOptions) {
    this.bytes = bytes;
    this.#options = options;
  }
  get first(): boolean {
    return this.#options.first;
  }
  get delayMs(): number {
    return this.#options.delayMs ?? 0;
  }
  get key(): string | undefined {
    return this.#options.key;
  }
  get priority(): number {
    return this.bytes[at.priority] as number;
  }
  get name(): string {
    const { bytes } = this;
    return frameName(this.#run, bytes.readUInt32BE(at.first), bytes.readUInt16BE(at.count), {
      round: bytes[at.round] as number,
      attempt: bytes.readUInt16BE(at.attempt),
      copy: bytes.readUInt16BE(at.copy),
      lost: bytes[at.lost] as number,
    });
  }
  /** The user's id where there is one: it cannot look like ours, which has a slash after eleven characters and no `id:`. */
  get id(): string {
    const { id } = this.#options;
    return id === undefined ? `${this.#run}/${this.bytes.readUInt32BE(at.first)}` : `id:${id}`;
  }
  get #run(): string {
    return readRun(this.bytes);
  }
}
