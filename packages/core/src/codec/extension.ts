import type { DeathNote, EndCode, Headers, TaskInfo } from "../contract/index.ts";
import { asText, readWireError } from "../errors.ts";

/** What stands in the extension part of a frame: all that is optional. */
export interface Extension {
  readonly firstSentAt: number;
  readonly coordinator?: string | undefined;
  /** Only where the queue that holds the frame does not say it: dead letters, `later`, tiers. */
  readonly queue?: string | undefined;
  readonly lane?: string | undefined;
  readonly key?: string | undefined;
  /** Wall-clock ms before which it is not to be run; absent where it never had to wait. */
  readonly dueAt?: number | undefined;
  /** Wall-clock ms at which it leaves the queue in which it waits; only in `later` and in tiers. */
  readonly leaveAt?: number | undefined;
  readonly death?: DeathNote | undefined;
  readonly tasks: readonly TaskInfo[];
}

/**
 * A field is a tag, a length (one byte, or 255 and four more) and the bytes. A tag with the high bit set has the position of its task (two bytes)
 * before the length; without it the value holds for all tasks of the frame. Readers skip tags that they do not know.
 */
const tag = Object.freeze({
  firstSentAt: 1,
  coordinator: 2,
  queue: 3,
  lane: 4,
  key: 5,
  death: 6,
  dueAt: 7,
  leaveAt: 8,
  task: 16,
  id: 17,
  deadlineAt: 18,
  headers: 19,
  index: 20,
});
const ONE_TASK = 0x80;

/** Twice what a frame of ours has at most: notes of death are cut, and packs end at 256 KiB. Reading what is forged longer would hold everybody up. */
export const MOST_EXTENSION_BYTES = 524_288;

/** The headers of one task are at most 32 Ki characters, six bytes each where they are escaped; those of a pack fit into it. */
const MOST_HEADERS_BYTES = 262_144;

/** The task of a frame that names none. */
export const DEFAULT_TASK = "default";

/** What most frames have, and nothing else: they come in a row with the same, so the last one is remembered. Its bytes are only ever copied. */
const plain: { firstSentAt: number; coordinator: string; task: string; deadlineAt: number | undefined; bytes: Buffer } =
  { firstSentAt: -1, coordinator: "", task: "", deadlineAt: undefined, bytes: Buffer.alloc(0) };

export function encodeExtension(extension: Extension): Buffer {
  const { firstSentAt, coordinator, tasks } = extension;
  const info = tasks[0];
  if (coordinator === undefined || info === undefined || !isPlain(extension, info)) return encodeAll(extension);
  const wallMs = Math.floor(firstSentAt);
  const { task, deadlineAt, headers } = info;
  const known = plain.firstSentAt === wallMs && plain.task === task && plain.deadlineAt === deadlineAt;
  if (!known || plain.coordinator !== coordinator) {
    plain.bytes = encodeAll(
      headers === undefined ? extension : { firstSentAt, coordinator, tasks: [{ task, deadlineAt }] },
    );
    plain.firstSentAt = wallMs;
    plain.coordinator = coordinator;
    plain.task = task;
    plain.deadlineAt = deadlineAt;
  }
  if (headers === undefined) return plain.bytes;
  const parts = [plain.bytes];
  put(parts, tag.headers, undefined, text(JSON.stringify(headers)));
  return Buffer.concat(parts);
}

/** Its tasks have nothing of their own, which a pack shows by one and the same object for all of them; but one alone may have headers, which stand last. */
function isPlain({ tasks, queue, lane, key, dueAt, leaveAt, death }: Extension, info: TaskInfo): boolean {
  if (info.id !== undefined || info.index !== undefined || (info.headers !== undefined && tasks.length > 1))
    return false;
  for (let index = 1; index < tasks.length; index += 1) if (tasks[index] !== info) return false;
  const absent = queue === undefined && lane === undefined && key === undefined;
  return absent && dueAt === undefined && leaveAt === undefined && death === undefined;
}

function encodeAll(extension: Extension): Buffer {
  const parts: Buffer[] = [];
  put(parts, tag.firstSentAt, undefined, time(extension.firstSentAt));
  if (extension.coordinator !== undefined) put(parts, tag.coordinator, undefined, text(extension.coordinator));
  if (extension.queue !== undefined) put(parts, tag.queue, undefined, text(extension.queue));
  if (extension.lane !== undefined) put(parts, tag.lane, undefined, text(extension.lane));
  if (extension.key !== undefined) put(parts, tag.key, undefined, text(extension.key));
  if (extension.dueAt !== undefined) put(parts, tag.dueAt, undefined, time(Math.ceil(extension.dueAt)));
  if (extension.leaveAt !== undefined) put(parts, tag.leaveAt, undefined, time(Math.ceil(extension.leaveAt)));
  if (extension.death !== undefined) put(parts, tag.death, undefined, text(deathText(extension.death)));
  putEach(parts, tag.task, extension.tasks, ({ task }) => (task === DEFAULT_TASK ? undefined : task), text);
  putEach(parts, tag.id, extension.tasks, ({ id }) => id, text);
  putEach(parts, tag.deadlineAt, extension.tasks, ({ deadlineAt }) => deadlineAt, time);
  putEach(parts, tag.headers, extension.tasks, ({ headers }) => headers, (value) => text(JSON.stringify(value))); // biome-ignore format: one line each
  putEach(parts, tag.index, extension.tasks, ({ index }) => index, whole);
  return Buffer.concat(parts);
}

/** A field of tasks: once where all of them have the same, else for each that has it. */
function putEach<T>(
  parts: Buffer[],
  kind: number,
  tasks: readonly TaskInfo[],
  of: (info: TaskInfo) => T | undefined,
  bytes: (value: T) => Buffer,
): void {
  const first = tasks[0] === undefined ? undefined : of(tasks[0]);
  if (tasks.every((info) => of(info) === first)) {
    if (first !== undefined) put(parts, kind, undefined, bytes(first));
    return;
  }
  tasks.forEach((info, position) => {
    const value = of(info);
    if (value !== undefined) put(parts, kind, position, bytes(value));
  });
}

/** The extension that was read last, and from what: the frames of a run come in a row with the same. */
const last: { bytes: Buffer; count: number; extension: Extension | undefined } = {
  bytes: Buffer.alloc(0),
  count: -1,
  extension: undefined,
};

/** Longer ones are rarely the same twice. */
const REMEMBERED_BYTES = 128;

/** As `decodeExtension`, of a part of these bytes; spared where those are the same as before. */
export function readExtension(bytes: Buffer, from: number, to: number, count: number): Extension {
  if (last.extension !== undefined && last.count === count && areLast(bytes, from, to)) {
    if (to - from === last.bytes.length) return last.extension;
    const headed = withHeaders(last.extension, bytes, from + last.bytes.length, to);
    if (headed !== undefined) return headed;
  }
  const own = bytes.subarray(from, to);
  const extension = decodeExtension(own, count);
  if (own.length <= REMEMBERED_BYTES) {
    last.bytes = Buffer.from(own);
    last.count = count;
    last.extension = extension;
  }
  return extension;
}

/** Are they that, or begin so? Short texts: a loop is faster than a call into native code. */
function areLast(bytes: Buffer, from: number, to: number): boolean {
  const { bytes: known } = last;
  if (to - from < known.length) return false;
  for (let index = 0; index < known.length; index += 1) if (bytes[from + index] !== known[index]) return false;
  return true;
}

/** The same for one task that has headers besides, if they are all that follows: a traced one among those that are not. */
function withHeaders(known: Extension, bytes: Buffer, from: number, to: number): Extension | undefined {
  const [info] = known.tasks;
  if (info === undefined || known.tasks.length > 1 || info.headers !== undefined) return undefined;
  const start = from + 2;
  if (bytes[from] !== tag.headers || bytes[from + 1] !== to - start || to - start === 255) return undefined;
  return { ...known, tasks: [{ ...info, headers: readHeaders(bytes.toString("utf8", start, to)) }] };
}

type Own = { -readonly [K in keyof TaskInfo]?: TaskInfo[K] };

/** Reads an extension for `count` tasks. Throws RangeError or SyntaxError where it is damaged. */
export function decodeExtension(bytes: Buffer, count: number): Extension {
  const frame: { -readonly [K in keyof Extension]: Extension[K] } = { firstSentAt: 0, tasks: [] };
  const common: Own = {};
  const own: Own[] = [];
  let offset = 0;
  let headersBytes = 0;
  while (offset < bytes.length) {
    const kind = bytes.readUInt8(offset);
    offset += 1;
    let target = common;
    if (kind & ONE_TASK) {
      const position = bytes.readUInt16BE(offset);
      offset += 2;
      // What is said of a task that is not there is said of nobody.
      target = own[position] ?? {};
      if (position < count) own[position] = target;
    }
    let length = bytes.readUInt8(offset);
    offset += 1;
    if (length === 255) {
      length = bytes.readUInt32BE(offset);
      offset += 4;
    }
    const end = offset + length;
    if (end > bytes.length) throw new RangeError("a field runs past the end of the extension");
    switch (kind & ~ONE_TASK) {
      case tag.firstSentAt:
        frame.firstSentAt = readTime(bytes, offset, length);
        break;
      case tag.coordinator:
        frame.coordinator = bytes.toString("utf8", offset, end);
        break;
      case tag.queue:
        frame.queue = bytes.toString("utf8", offset, end);
        break;
      case tag.lane:
        frame.lane = bytes.toString("utf8", offset, end);
        break;
      case tag.key:
        frame.key = bytes.toString("utf8", offset, end);
        break;
      case tag.dueAt:
        frame.dueAt = readTime(bytes, offset, length);
        break;
      case tag.leaveAt:
        frame.leaveAt = readTime(bytes, offset, length);
        break;
      case tag.death:
        frame.death = readDeath(bytes.toString("utf8", offset, end));
        break;
      case tag.task:
        target.task = bytes.toString("utf8", offset, end);
        break;
      case tag.id:
        target.id = bytes.toString("utf8", offset, end);
        break;
      case tag.deadlineAt:
        target.deadlineAt = readTime(bytes, offset, length);
        break;
      case tag.headers:
        headersBytes += length;
        if (headersBytes > MOST_HEADERS_BYTES) throw new RangeError(`headers of ${headersBytes} bytes`);
        target.headers = readHeaders(bytes.toString("utf8", offset, end));
        break;
      case tag.index:
        if (length !== 4) throw new RangeError("an index is not four bytes long");
        target.index = bytes.readUInt32BE(offset);
        break;
    }
    offset = end;
  }
  frame.tasks = tasksOf(common, own, count);
  return frame;
}

/** Where no task has anything of its own, all of them are one object. */
function tasksOf(common: Own, own: readonly Own[], count: number): readonly TaskInfo[] {
  const shared: TaskInfo = { task: DEFAULT_TASK, ...common };
  const tasks: TaskInfo[] = [];
  for (let index = 0; index < count; index += 1)
    tasks.push(own[index] === undefined ? shared : { ...shared, ...own[index] });
  return tasks;
}

function put(parts: Buffer[], kind: number, position: number | undefined, value: Buffer): void {
  const long = value.length >= 255;
  const head = Buffer.allocUnsafe(1 + (position === undefined ? 0 : 2) + (long ? 5 : 1));
  let offset = head.writeUInt8(position === undefined ? kind : kind | ONE_TASK, 0);
  if (position !== undefined) offset = head.writeUInt16BE(position, offset);
  offset = head.writeUInt8(long ? 255 : value.length, offset);
  if (long) head.writeUInt32BE(value.length, offset);
  parts.push(head, value);
}

function text(value: string): Buffer {
  return Buffer.from(value, "utf8");
}

function time(wallMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(6);
  bytes.writeUIntBE(Math.max(0, Math.min(Math.floor(wallMs), 0xffff_ffff_ffff)), 0, 6);
  return bytes;
}

function whole(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

function readTime(bytes: Buffer, offset: number, length: number): number {
  if (length !== 6) throw new RangeError("a time is not six bytes long");
  return bytes.readUIntBE(offset, 6);
}

/** Only texts, in an object without a prototype: no key of a header means anything to us. */
function readHeaders(json: string): Headers {
  const parsed: unknown = JSON.parse(json);
  const headers: Record<string, string> = Object.create(null);
  if (typeof parsed !== "object" || parsed === null) throw new SyntaxError("headers are not an object");
  for (const [key, value] of Object.entries(parsed)) {
    if (typeof value === "string") headers[key] = value;
  }
  return headers;
}

/** Times travel as whole milliseconds: what a clock says beyond that is nobody's business. */
function deathText(note: DeathNote): string {
  return JSON.stringify({
    ...note,
    firstSentAt: Math.floor(note.firstSentAt),
    diedAt: Math.floor(note.diedAt),
  } satisfies DeathNote);
}

/** A note of the right shape, whatever stands in it: a forged one must not break whoever looks at it. */
function readDeath(json: string): DeathNote {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null) throw new SyntaxError("a death note is not an object");
  const note = parsed as Partial<Record<keyof DeathNote, unknown>>;
  const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : 0);
  return {
    reason: asText(note.reason, "FRAME_INVALID") as EndCode,
    error: readWireError(note.error),
    attempts: number(note.attempts),
    lost: number(note.lost),
    firstSentAt: number(note.firstSentAt),
    diedAt: number(note.diedAt),
  };
}
