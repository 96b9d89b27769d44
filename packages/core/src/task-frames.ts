import { bytesOf, OutgoingFrame } from "./codec/frame.ts";
import { type NewPack, type PackTask, packFrame, packTask, resendFrame } from "./codec/maker.ts";
import { extractFrame } from "./codec/pack.ts";
import { TaskForm } from "./codec/task-form.ts";
import type { Frame, OutFrame, TaskInfo } from "./contract/index.ts";
import { DispatchError } from "./errors.ts";
import { chain, type Eventual } from "./eventual.ts";
import { checkName } from "./names.ts";
import type { Outgoing } from "./outgoing.ts";
import type { SendSettings } from "./plan/options.ts";
import { KeptFrame, type Way } from "./result/kept-frame.ts";
import type { Route } from "./routes.ts";
import type { PackGroup } from "./send/packer.ts";
import { check } from "./work/schema.ts";
import type { Task } from "./work/task.ts";

/** What a sender must know of a task: by its name alone it may be sent by who does not have its code. */
export type Kind = Pick<Task, "name" | "input">;

/** The task that a caller means. Throws `CONFIG_INVALID` for a bad name. */
export function kindOf(task: Task<never, unknown> | string): Kind {
  const kind = typeof task === "string" ? { name: task, input: undefined } : task;
  checkName("task", kind.name);
  return kind;
}

/** What all tasks of a run have in common beside their name: to whom their results go. */
export interface Envelope {
  readonly run: string;
  /** Absent: nobody waits for it. */
  readonly coordinator: string | undefined;
  /** Wall-clock ms at which its run ends. */
  readonly endsAt: number | undefined;
}

/** A task on its way into a pack, and with what others it may travel. */
export type Part = PackTask<PackGroup>;

/** A form, and what it was made for. */
interface Known {
  readonly form: TaskForm;
  readonly way: Way;
  readonly settings: SendSettings;
  readonly wallMs: number;
}

/** Makes the frames of one run out of what is sent: checked, encoded, routed to where they go first. */
export class TaskFrames {
  readonly #outgoing: Outgoing;
  readonly #kind: Kind;
  readonly #envelope: Envelope;
  readonly #packs: boolean;
  #info: TaskInfo;
  /** That of the task before: those of a ms mostly have the same. */
  #known: Known | undefined;
  /** Those of the last form that had to be made. */
  #before: SendSettings | undefined;

  constructor(outgoing: Outgoing, kind: Kind, envelope: Envelope, packs: boolean) {
    this.#outgoing = outgoing;
    this.#kind = kind;
    this.#envelope = envelope;
    this.#packs = packs;
    this.#info = { task: kind.name, deadlineAt: undefined };
  }

  /** A frame of its own, or a part of one where it may travel with others. Throws `INPUT_INVALID` or `TOO_LARGE`, and what the codec throws. */
  make(payload: unknown, settings: SendSettings, index: number): Eventual<KeptFrame | Part> {
    const { input } = this.#kind;
    return input === undefined ? this.#made(payload, settings, index) : this.#checked(input, payload, settings, index);
  }

  #checked(input: NonNullable<Kind["input"]>, payload: unknown, settings: SendSettings, index: number) {
    return chain(check(input, payload), (result) => {
      if ("wrong" in result) throw new DispatchError("INPUT_INVALID", result.wrong);
      return this.#made(payload, settings, index);
    });
  }

  /** A pack as it is kept, and how it is made, from when it is full. */
  pack(group: PackGroup, tasks: readonly PackTask[], coordinator: string) {
    const { priority, delayMs, key } = group;
    const { codec, clock } = this.#outgoing;
    const sentAt = clock.wall();
    const route = this.#route(priority, sentAt, delayMs);
    const pack: NewPack = {
      run: this.#envelope.run,
      coordinator,
      priority,
      delayMs: route.delayMs,
      waiting: route.waiting,
      key,
      sentAt,
    };
    const first = (tasks[0] as PackTask).index;
    const inRow = (tasks.at(-1) as PackTask).index === first + tasks.length - 1;
    const indexes = inRow ? undefined : tasks.map(({ index }) => index);
    const kept = new KeptFrame(this.#way(route, group), first, tasks.length, indexes);
    return { kept, make: (): Eventual<OutFrame> => packFrame(pack, tasks, codec) };
  }

  /** What was sent, alone, as its next round. */
  resend(kept: KeptFrame): Eventual<OutFrame> {
    return chain(this.#extract(kept), (alone) => resendFrame(bytesOf(alone), kept.round, kept.frame?.key));
  }

  /** What was sent, alone, to where its pack was. */
  apart(kept: KeptFrame): Eventual<OutFrame> {
    const { delayMs = 0, key } = kept.frame ?? {};
    return chain(this.#extract(kept), (alone) => new OutgoingFrame(bytesOf(alone), { first: false, delayMs, key }));
  }

  #made(payload: unknown, settings: SendSettings, index: number): Eventual<KeptFrame | Part> {
    const sentAt = this.#outgoing.clock.wall();
    if (this.#packs) {
      const part = this.#part(payload, settings, index, sentAt);
      if (part !== undefined) return part;
    }
    const { form, way } = this.#formOf(settings, sentAt);
    const frame = form.frame(index, payload);
    return frame instanceof Promise ? keptLater(way, index, frame) : keptOf(way, index, frame);
  }

  #extract({ frame, first }: KeptFrame): Eventual<Frame> {
    if (frame === undefined) throw new TypeError(`task ${first} was not sent`);
    return extractFrame(frame.bytes, first, this.#outgoing.codec);
  }

  #route(priority: number, sentAt: number, delayMs: number): Route {
    const { routes, queue } = this.#outgoing;
    return routes.route(queue, routes.laneOf(priority), sentAt + delayMs, sentAt);
  }

  #way({ queue }: Route, { priority, delayMs }: PackGroup): Way {
    return { queue, band: this.#outgoing.routes.bandOf(priority), delayMs };
  }

  /** Undefined where it has to travel alone: under an id by which the broker dedupes, or because it is large. */
  #part(payload: unknown, settings: SendSettings, index: number, sentAt: number): Part | undefined {
    const { dedupes, packBytes } = this.#outgoing;
    if (settings.id !== undefined && dedupes) return undefined;
    const part = packTask(index, payload, this.#infoOf(settings, sentAt), settings);
    return part.sizeBytes > packBytes ? undefined : part;
  }

  /** The same object as long as it says the same: a pack of such tasks says it once. */
  #infoOf(settings: SendSettings, sentAt: number): TaskInfo {
    const { id, headers } = settings;
    const deadlineAt = this.#deadlineOf(settings, sentAt);
    const task = this.#kind.name;
    if (id !== undefined || headers !== undefined) return { task, id, headers, deadlineAt };
    if (this.#info.deadlineAt !== deadlineAt) this.#info = { task, deadlineAt };
    return this.#info;
  }

  #formOf(settings: SendSettings, sentAt: number): Known {
    const wallMs = Math.floor(sentAt);
    const known = this.#known;
    if (known !== undefined && known.settings === settings && known.wallMs === wallMs) return known;
    const { priority, delayMs, key, id, headers } = settings;
    const { run, coordinator } = this.#envelope;
    const route = this.#route(priority, sentAt, delayMs);
    const { waiting } = route;
    // A tier is everybody's: an id that waits there would be taken for all queues.
    const first = route.queue.role !== "tier";
    const deadlineAt = this.#deadlineOf(settings, sentAt);
    const task = this.#kind.name;
    const native = route.delayMs;
    const fields = { run, coordinator, task, key, id, headers, deadlineAt, priority, first, delayMs: native, waiting };
    const form = new TaskForm({ ...fields, sentAt }, this.#outgoing.codec);
    const made = { form, way: this.#way(route, settings), settings, wallMs };
    // What a pump is to send on in time has that in its frame, to a part of a ms. What comes once, as a traced task does, must not take the place of what all others have.
    if (waiting?.leaveAt === undefined && settings === this.#before) this.#known = made;
    this.#before = settings;
    return made;
  }

  /** Its own, but at most the end of its run. */
  #deadlineOf({ deadlineMs }: SendSettings, sentAt: number): number | undefined {
    const { endsAt } = this.#envelope;
    const own = deadlineMs === undefined ? undefined : sentAt + deadlineMs;
    return own === undefined ? endsAt : Math.min(own, endsAt ?? own);
  }
}

function keptOf(way: Way, index: number, frame: OutFrame): KeptFrame {
  const kept = new KeptFrame(way, index, 1);
  kept.frame = frame;
  return kept;
}

async function keptLater(way: Way, index: number, frame: Promise<OutFrame>): Promise<KeptFrame> {
  return keptOf(way, index, await frame);
}
