import type { BodyCodec } from "./codec/body.ts";
import { bytesOf, OutgoingFrame } from "./codec/frame.ts";
import { type NewPack, type PackTask, packFrame, packTask, resendFrame, taskFrame } from "./codec/maker.ts";
import { extractFrame } from "./codec/pack.ts";
import type { Clock, Frame, Headers, OutFrame, Profile, TaskInfo } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";
import { chain, type Eventual } from "./eventual.ts";
import type { SendSettings } from "./plan/options.ts";
import type { Made } from "./result/open-run.ts";
import type { Outstanding } from "./result/window.ts";
import type { Route, Routes } from "./routes.ts";
import type { PackGroup } from "./send/packer.ts";
import { type Checked, check } from "./work/schema.ts";
import type { Task } from "./work/task.ts";

/** What a sender must know of a task: by its name alone it may be sent by who does not have its code. */
export type Kind = Pick<Task, "name" | "input">;

/** What all tasks of a run have in common: its name, and to whom their results go. */
export interface Envelope {
  readonly run: string;
  /** Absent: nobody waits for it. */
  readonly coordinator: string | undefined;
  /** Wall-clock ms at which its run ends. */
  readonly endsAt: number | undefined;
}

/** A task on its way into a pack, and with what others it may travel. */
export type Part = PackTask<PackGroup>;

/** Larger packs would save nothing: their bytes are the cost by then. */
const PACK_BYTES = 256 * 1_024;

/** What stands around the tasks of a pack: header, coordinator, key. */
const PACK_HEAD_BYTES = 2_048;

/** Makes frames of what is sent: checked, encoded, routed to where they go first. */
export class Outgoing {
  /** The most bytes of a pack, as its tasks estimate them; what is larger alone has a frame of its own. */
  readonly packBytes: number;
  readonly #codec: BodyCodec;
  readonly #clock: Clock;
  readonly #routes: Routes;
  readonly #queue: string;
  readonly #dedupes: boolean;
  #info: TaskInfo = { task: "" };

  constructor(options: { codec: BodyCodec; clock: Clock; routes: Routes; queue: string; profile: Profile }) {
    const { codec, clock, routes, queue, profile } = options;
    this.#codec = codec;
    this.#clock = clock;
    this.#routes = routes;
    this.#queue = queue;
    this.#dedupes = profile.dedupeWindowMs > 0 || profile.dedupeLive;
    this.packBytes = Math.min(PACK_BYTES, codec.roomBytes - PACK_HEAD_BYTES);
  }

  /** `packs`: may it travel with others? Throws `INPUT_INVALID` or `TOO_LARGE`, and what the codec throws. */
  make(kind: Kind, payload: unknown, settings: SendSettings, envelope: Envelope, index: number, packs: boolean): Made {
    const { priority, delayMs, id } = settings;
    const sentAt = this.#clock.wall();
    const route = this.#route(priority, sentAt, delayMs);
    const { name, input } = kind;
    const ready =
      input === undefined
        ? this.#made(name, payload, settings, envelope, index, packs, sentAt, route)
        : this.#checked(input, payload, () =>
            this.#made(name, payload, settings, envelope, index, packs, sentAt, route),
          );
    return { ready, queue: route.queue, band: this.#routes.bandOf(priority), delayMs, ref: id };
  }

  #checked<T>(input: NonNullable<Kind["input"]>, payload: unknown, next: () => Eventual<T>): Eventual<T> {
    return chain(check(input, payload), (result) => valid(result, next));
  }

  #made(
    name: string,
    payload: unknown,
    settings: SendSettings,
    envelope: Envelope,
    index: number,
    packs: boolean,
    sentAt: number,
    route: Route,
  ): Eventual<OutFrame | Part> {
    if (packs) {
      const part = this.#part(name, payload, settings, envelope, index, sentAt);
      if (part !== undefined) return part;
    }
    return this.#alone(name, payload, settings, envelope, index, sentAt, route);
  }

  /** A pack and where it goes, from when it is full. */
  pack(group: PackGroup, tasks: readonly PackTask[], run: string, coordinator: string) {
    const { priority, delayMs, key } = group;
    const sentAt = this.#clock.wall();
    const route = this.#route(priority, sentAt, delayMs);
    const { waiting, queue } = route;
    const pack: NewPack = { run, coordinator, priority, delayMs: route.delayMs, waiting, key, sentAt };
    return { queue, make: (): Eventual<OutFrame> => packFrame(pack, tasks, this.#codec) };
  }

  /** What was sent, alone, as its next round. */
  resend(task: Outstanding): Eventual<OutFrame> {
    return chain(this.#extract(task), (alone) => resendFrame(bytesOf(alone), task.round, task.frame?.key));
  }

  /** What was sent, alone, to where its pack was. */
  apart(task: Outstanding): Eventual<OutFrame> {
    const { delayMs = 0, key } = task.frame ?? {};
    return chain(this.#extract(task), (alone) => new OutgoingFrame(bytesOf(alone), { first: false, delayMs, key }));
  }

  #extract({ frame, index }: Outstanding): Eventual<Frame> {
    if (frame === undefined) throw new TypeError(`task ${index} was not sent`);
    return extractFrame(frame.bytes, index, this.#codec);
  }

  #route(priority: number, sentAt: number, delayMs: number) {
    return this.#routes.route(this.#queue, this.#routes.laneOf(priority), sentAt + delayMs, sentAt);
  }

  /** Undefined where it has to travel alone: under an id by which the broker dedupes, or because it is large. */
  #part(
    name: string,
    payload: unknown,
    settings: SendSettings,
    envelope: Envelope,
    index: number,
    sentAt: number,
  ): Part | undefined {
    const { id, headers } = settings;
    if (id !== undefined && this.#dedupes) return undefined;
    const info = this.#infoOf(name, id, headers, deadlineOf(settings, envelope, sentAt));
    const part = packTask(index, payload, info, settings);
    return part.sizeBytes > this.packBytes ? undefined : part;
  }

  /** The same object as long as it says the same: a pack of such tasks says it once. */
  #infoOf(
    task: string,
    id: string | undefined,
    headers: Headers | undefined,
    deadlineAt: number | undefined,
  ): TaskInfo {
    if (id !== undefined || headers !== undefined) return { task, id, headers, deadlineAt };
    if (this.#info.task !== task || this.#info.deadlineAt !== deadlineAt) this.#info = { task, deadlineAt };
    return this.#info;
  }

  #alone(
    name: string,
    payload: unknown,
    settings: SendSettings,
    envelope: Envelope,
    index: number,
    sentAt: number,
    route: Route,
  ): Eventual<OutFrame> {
    const { priority, key, id, headers } = settings;
    const { run, coordinator } = envelope;
    // A tier is everybody's: an id that waits there would be taken for all queues.
    const first = route.queue.role !== "tier";
    const { waiting, delayMs } = route;
    const deadlineAt = deadlineOf(settings, envelope, sentAt);
    return taskFrame(
      {
        run,
        index,
        coordinator,
        task: name,
        payload,
        key,
        id,
        headers,
        deadlineAt,
        priority,
        first,
        delayMs,
        waiting,
        sentAt,
      },
      this.#codec,
    );
  }
}

/** Its own, but at most the end of its run. */
function deadlineOf({ deadlineMs }: SendSettings, { endsAt }: Envelope, sentAt: number): number | undefined {
  const own = deadlineMs === undefined ? undefined : sentAt + deadlineMs;
  return own === undefined ? endsAt : Math.min(own, endsAt ?? own);
}

function valid<T>(result: Checked, next: () => T): T {
  if ("wrong" in result) throw new DispatchError("INPUT_INVALID", result.wrong);
  return next();
}
