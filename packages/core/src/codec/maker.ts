import { randomBytes } from "node:crypto";
import type { Beat, Counters, DeathNote, Frame, OutFrame, TaskInfo } from "../contract/index.ts";
import { chain, type Eventual } from "../eventual.ts";
import type { Until } from "../retrying.ts";
import type { BodyCodec } from "./body.ts";
import { codedFrame } from "./coded-frame.ts";
import { shorterNotes } from "./death.ts";
import { copyBytes, encodeFrame, type FrameParts, OutgoingFrame, rewrite } from "./frame.ts";
import type { Waiting } from "./hop.ts";
import { encodeJson, wrapping } from "./json.ts";
import { type NewForm, payloadJson, TaskForm } from "./task-form.ts";

/** A new run's name: 8 random bytes. */
export function newRun(): string {
  return randomBytes(8).toString("base64url");
}

/** One task as it is sent first. */
export interface NewTask extends NewForm {
  readonly index: number;
  readonly payload: unknown;
}

/** One frame of a form that is used once. */
export function taskFrame(task: NewTask): OutFrame;
export function taskFrame(task: NewTask, codec: BodyCodec, until?: Until): Eventual<OutFrame>;
export function taskFrame(task: NewTask, codec?: BodyCodec, until?: Until): Eventual<OutFrame> {
  return new TaskForm(task, codec).frame(task.index, task.payload, until);
}

/** One task on its way into a pack. */
export interface PackTask<G = unknown> {
  readonly index: number;
  readonly json: string;
  readonly info: TaskInfo;
  /** An upper bound of what it adds to a frame. */
  readonly sizeBytes: number;
  /** With what others it may travel: its sender's business. */
  readonly group: G;
}

/** Its payload is taken as it is now: who sends may change it before the pack is full. Throws as `taskFrame` does. */
export function packTask<G>(index: number, payload: unknown, info: TaskInfo, group: G): PackTask<G> {
  const json = payloadJson(payload);
  return { index, json, info, sizeBytes: json.length * 3 + infoBytes(info), group };
}

/** A character has at most three bytes, and six in JSON where it is escaped; a field, eight around it. */
function infoBytes({ id, headers }: TaskInfo): number {
  let bytes = 48 + (id === undefined ? 0 : id.length * 3);
  if (headers !== undefined)
    for (const [key, value] of Object.entries(headers)) bytes += 8 + (key.length + value.length) * 6;
  return bytes;
}

/** What the tasks of a pack have in common. */
export interface NewPack {
  readonly run: string;
  readonly coordinator: string;
  readonly priority: number;
  readonly delayMs: number;
  readonly waiting: Waiting | undefined;
  readonly key: string | undefined;
  readonly sentAt: number;
}

/** Several tasks in one frame. Its body is never claimed: what is that large gains nothing from a pack. As `taskFrame`. */
export function packFrame(pack: NewPack, tasks: readonly PackTask[], codec: BodyCodec): Eventual<OutFrame> {
  const { run, coordinator, priority, delayMs, waiting, key, sentAt } = pack;
  const { index: start } = tasks[0] as PackTask;
  const inRow = (tasks[tasks.length - 1] as PackTask).index === start + tasks.length - 1;
  const infos: TaskInfo[] = [];
  const payloads: string[] = [];
  for (const { json, info, index } of tasks) {
    infos.push(inRow ? info : { ...info, index });
    payloads.push(json);
  }
  const extension = { firstSentAt: sentAt, coordinator, key, ...waiting, tasks: infos };
  const parts: FrameParts = {
    type: "task",
    priority,
    run,
    first: start,
    count: tasks.length,
    extension,
    body: `[${payloads.join(",")}]`,
  };
  const bytes = codedFrame(codec, parts, { claim: false });
  return chain(bytes, (made) => new OutgoingFrame(made, { first: true, delayMs, key }));
}

/** A frame of no task, which any worker answers: it shows that what was sent before it has been handed out. */
export function probeFrame(
  run: string,
  sequence: number,
  coordinator: string,
  priority: number,
  sentAt: number,
): OutFrame {
  const extension = { firstSentAt: sentAt, coordinator, tasks: [] };
  const bytes = encodeFrame({ type: "task", priority, run, first: sequence, count: 0, extension, body: "[]" });
  return new OutgoingFrame(bytes, { first: false });
}

/** A frame that was sent, as the next round: what the broker lost is given to it again. */
export function resendFrame(bytes: Uint8Array, round: number, key: string | undefined): OutFrame {
  const again = copyBytes(bytes, { round, attempt: 0, copy: 0, lost: 0 });
  return new OutgoingFrame(again, { first: false, key });
}

/** A frame in hand as a dead letter: its payload, where it came from, and why; of that only as much as gets through the door. */
export function deadFrame(frame: Frame, counters: Counters, death: DeathNote, codec?: BodyCodec): OutFrame {
  for (const note of shorterNotes(death)) {
    const letter = letterFrame(frame, counters, note);
    if (codec === undefined || codec.fitsAsIs(letter.bytes.length)) return letter;
  }
  return letterFrame(frame, counters, death);
}

function letterFrame(frame: Frame, counters: Counters, death: DeathNote): OutFrame {
  const bytes = rewrite(frame, counters, (extension) => ({
    ...extension,
    queue: frame.queue,
    lane: frame.lane,
    death,
  }));
  return new OutgoingFrame(bytes, { first: false, id: frame.tasks[0]?.id });
}

/** A dead letter as work again, from now on: the next round, without its deadline, which has most likely passed. */
export function redriveFrame(frame: Frame, wallMs: number): OutFrame {
  const counters = { round: frame.round + 1, attempt: 0, copy: 0, lost: 0 };
  const bytes = rewrite(frame, counters, (extension) => ({
    ...extension,
    queue: undefined,
    lane: undefined,
    dueAt: wallMs,
    death: undefined,
    tasks: extension.tasks.map((info) => ({ ...info, deadlineAt: undefined })),
  }));
  return new OutgoingFrame(bytes, { first: false, key: frame.key, id: frame.tasks[0]?.id });
}

/** No task can have this name: what was never a task of ours is not sent again as one. */
export const REJECTED_TASK = "-";

/** So much of what was not ours is kept: enough to see what it is. */
const REJECTED_BYTES = 65_536;

/** What was not a frame of ours, wrapped so that it can be looked at among the dead letters: its beginning, and how long it was. */
export function rejectedFrame(
  raw: Uint8Array,
  queue: string,
  lane: string,
  death: DeathNote,
  run: string,
  codec?: BodyCodec,
): OutFrame {
  // A quarter of the room: base64 makes more of it, and a reason stands beside it.
  const kept = Math.min(REJECTED_BYTES, Math.floor((codec?.roomBytes ?? Number.POSITIVE_INFINITY) / 4));
  const extension = { firstSentAt: death.firstSentAt, queue, lane, death, tasks: [{ task: REJECTED_TASK }] };
  const body = encodeJson([{ bytes: raw.length, base64: Buffer.from(raw.subarray(0, kept)).toString("base64") }]);
  return new OutgoingFrame(encodeFrame({ type: "task", priority: 0, run, first: 0, count: 1, extension, body }), {
    first: false,
  });
}

const NO_RUN = "AAAAAAAAAAA";

/** Results, many to a frame: a `ReplyBody` as JSON. With a codec as `taskFrame`. */
export function replyFrame(json: string, sentAt: number): OutFrame;
export function replyFrame(json: string, sentAt: number, codec: BodyCodec, until?: Until): Eventual<OutFrame>;
export function replyFrame(json: string, sentAt: number, codec?: BodyCodec, until?: Until): Eventual<OutFrame> {
  const parts = messageParts("result", json, sentAt);
  if (codec === undefined) return new OutgoingFrame(encodeFrame(parts), { first: false });
  return chain(codedFrame(codec, parts, { until }), (bytes) => new OutgoingFrame(bytes, { first: false }));
}

/** A beat must never fail: progress that is too much for one frame goes in several, and what cannot travel at all is left out. */
export function beatFrames(beat: Beat, sentAt: number, roomBytes: number): OutFrame[] {
  const { progress } = beat;
  // Where nothing is left out any more, it goes as it is.
  const json = jsonOf(beat) ?? (progress.length === 0 ? JSON.stringify(beat) : undefined);
  if (json !== undefined && (progress.length === 0 || Buffer.byteLength(json) <= roomBytes))
    return [new OutgoingFrame(encodeFrame(messageParts("beat", json, sentAt)), { first: false })];
  if (progress.length <= 1) return beatFrames({ ...beat, progress: [] }, sentAt, roomBytes);
  const half = progress.length >> 1;
  const rest = { ...beat, held: undefined, retries: [], progress: progress.slice(half) };
  return [{ ...beat, progress: progress.slice(0, half) }, rest].flatMap((part) => beatFrames(part, sentAt, roomBytes));
}

function jsonOf(beat: Beat): string | undefined {
  try {
    return encodeJson(beat, wrapping.reply);
  } catch {
    return undefined;
  }
}

function messageParts(type: "result" | "beat", body: string, sentAt: number): FrameParts {
  const extension = { firstSentAt: sentAt, tasks: [] };
  return { type, priority: 10, run: NO_RUN, first: 0, count: 0, extension, body };
}
