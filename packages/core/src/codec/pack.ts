import type { BadFrame, Counters, DeathNote, Frame, FrameType, TaskInfo } from "../contract/index.ts";
import { DispatchError } from "../errors.ts";
import { chain, type Eventual } from "../eventual.ts";
import type { BodyCodec, Payloads } from "./body.ts";
import { codedFrame } from "./coded-frame.ts";
import { decodeFrame, extensionOf, frameName, isBad } from "./frame.ts";
import { encodeJson, wrapping } from "./json.ts";

/** The tasks of a frame, each seen as a frame of its own; a frame of one task is its own view. */
export function tasksOf(frame: Frame): readonly Frame[] {
  if (frame.count <= 1) return [frame];
  const opened = new Opened(frame);
  const tasks: Frame[] = [];
  for (let position = 0; position < frame.count; position += 1) tasks.push(new TaskOfPack(opened, position));
  return tasks;
}

/**
 * The frame of one task, as bytes of its own: what a copy or a dead letter is made from. Made from the pack's bytes, not from the payload that a handler
 * had: that one may have been changed. Rejects where the body of the pack cannot be read any more.
 */
export function aloneFrame(frame: Frame, codec: BodyCodec): Eventual<Frame> {
  return frame instanceof TaskOfPack ? frame.alone(codec) : frame;
}

/** Frames that were taken apart, as long as somebody has their bytes: what the broker lost of a pack is mostly all of it. */
const apart = new WeakMap<Uint8Array, ReadonlyMap<number, Frame>>();

/** One task of a frame that was sent, as a frame of its own. Rejects where the frame cannot be read. */
export function extractFrame(bytes: Uint8Array, index: number, codec: BodyCodec): Eventual<Frame> {
  let tasks = apart.get(bytes);
  if (tasks === undefined) {
    tasks = new Map(tasksOf(readable(decodeFrame(bytes, "", ""))).map((task) => [task.first, task]));
    if (tasks.size > 1) apart.set(bytes, tasks);
  }
  const task = tasks.get(index);
  if (task === undefined) throw new TypeError(`no task ${index} in this frame`);
  return aloneFrame(task, codec);
}

/** The pack that a view belongs to; a frame that is no view is its own. */
export function packOf(frame: Frame): Frame {
  return frame instanceof TaskOfPack ? frame.pack : frame;
}

/** A pack whose body is read at most once for all of its tasks, and handed to no handler, who could change it. */
class Opened {
  readonly frame: Frame;
  #payloads: Eventual<Payloads> | undefined;
  #tasks: readonly [TaskInfo] | undefined;

  constructor(frame: Frame) {
    this.frame = frame;
  }

  /** A list of this one. Most tasks of a pack have the same to say, so it is that of the task before. */
  tasks(info: TaskInfo): readonly [TaskInfo] {
    if (this.#tasks?.[0] !== info) this.#tasks = [info];
    return this.#tasks;
  }

  payloads(codec: BodyCodec): Eventual<Payloads> {
    if (this.#payloads !== undefined) return this.#payloads;
    const reading = codec.payloads(this.frame);
    this.#payloads = reading;
    // A blob store that was away may be back for the next one.
    if (reading instanceof Promise) reading.catch(() => (this.#payloads = undefined));
    return reading;
  }
}

class TaskOfPack implements Frame {
  readonly #opened: Opened;
  readonly #position: number;

  constructor(opened: Opened, position: number) {
    this.#opened = opened;
    this.#position = position;
  }

  get pack(): Frame {
    return this.#opened.frame;
  }

  get type(): FrameType {
    return this.pack.type;
  }
  get priority(): number {
    return this.pack.priority;
  }
  get round(): number {
    return this.pack.round;
  }
  get attempt(): number {
    return this.pack.attempt;
  }
  get copy(): number {
    return this.pack.copy;
  }
  get lost(): number {
    return this.pack.lost;
  }
  get run(): string {
    return this.pack.run;
  }
  get first(): number {
    return this.#info.index ?? this.pack.first + this.#position;
  }
  get count(): number {
    return 1;
  }
  get coordinator(): string | undefined {
    return this.pack.coordinator;
  }
  get queue(): string {
    return this.pack.queue;
  }
  get lane(): string {
    return this.pack.lane;
  }
  get key(): string | undefined {
    return this.pack.key;
  }
  get dueAt(): number | undefined {
    return this.pack.dueAt;
  }
  get leaveAt(): number | undefined {
    return this.pack.leaveAt;
  }
  get firstSentAt(): number {
    return this.pack.firstSentAt;
  }
  get tasks(): readonly TaskInfo[] {
    return this.#opened.tasks(this.#info);
  }
  get death(): DeathNote | undefined {
    return this.pack.death;
  }
  /** The whole pack's. */
  get body(): Uint8Array {
    return this.pack.body;
  }
  get codecs(): readonly number[] {
    return this.pack.codecs;
  }
  get name(): string {
    return frameName(this.run, this.first, 1, this);
  }

  get #info(): TaskInfo {
    return this.pack.tasks[this.#position] as TaskInfo;
  }

  alone(codec: BodyCodec): Eventual<Frame> {
    return chain(this.#opened.payloads(codec), (body) => {
      const payload = readable(body).values[this.#position];
      const { type, priority, run, first, count } = this;
      const { round, attempt, copy, lost }: Counters = this;
      const extension = { ...extensionOf(this.pack), tasks: [{ ...this.#info, index: undefined }] };
      const parts = { type, priority, round, attempt, copy, lost, run, first, count, extension };
      const bytes = codedFrame(codec, { ...parts, body: encodeJson([payload], wrapping.task) });
      return chain(bytes, (made) => readable(decodeFrame(made, this.queue, this.lane)));
    });
  }
}

function readable<T extends object>(value: T | BadFrame): T {
  if (isBad(value)) throw new DispatchError(value.bad, value.detail);
  return value;
}
