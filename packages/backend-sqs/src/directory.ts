import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueNameExists,
} from "@aws-sdk/client-sqs";
import { RecentMap } from "@org/dispatch-core/adapter-kit";
import { type Doubt, type Queue, queueKey } from "@org/dispatch-core/contract";
import { attributesOf } from "./attributes.ts";
import { DOUBTED, doubtsOf } from "./doubts.ts";
import { nameOf } from "./names.ts";
import type { Settings } from "./options.ts";
import { isMissing, SqsRefusal } from "./sqs-error.ts";

/** The URLs of queues: asked for once each, since every request costs. */
export class Directory {
  readonly #settings: Settings;
  readonly #urls = new Map<string, Promise<string>>();
  readonly #replyUrls = new RecentMap<Promise<string>>();

  constructor(settings: Settings) {
    this.#settings = settings;
    const { queueUrl, naming } = settings;
    if (queueUrl !== undefined && naming.named !== undefined)
      this.#urls.set(`${naming.named.of}/work/normal`, Promise.resolve(queueUrl));
  }

  /**
   * The URL, and whatever is doubtful about the queue; makes it if it may. Throws `MISSING`, `MISMATCH` where the queue takes smaller frames only, and
   * `UNAVAILABLE` as long as what was made is not to be seen: "you must wait at least one second after the queue is created" (CreateQueue).
   */
  async open(queue: Queue, create: boolean, signal: AbortSignal): Promise<Opened> {
    const found = await unlessMissing(this.#checked(queue, this.url(queue, signal), signal));
    if (found !== undefined) return found;
    if (!create) throw new MissingQueue(queue, this.#name(queue));
    const made = await unlessMissing(this.#checked(queue, this.#create(queue, signal), signal));
    if (made !== undefined) return made;
    throw new SqsRefusal("UNAVAILABLE", `the queue "${this.#name(queue)}" was just made, and is not to be seen yet`);
  }

  /** Throws the client's own error, for a queue that does not exist too. */
  url(queue: Queue, signal: AbortSignal): Promise<string> {
    const known = this.#urlsOf(queue).get(queueKey(queue));
    if (known !== undefined) return known;
    const found = this.#find(queue, signal);
    this.#urlsOf(queue).set(queueKey(queue), found);
    found.catch(() => this.forget(queue));
    return found;
  }

  /** A queue of this name may be another one next time. */
  forget(queue: Queue): void {
    this.#urlsOf(queue).delete(queueKey(queue));
  }

  /** Is no error where the queue does not exist. */
  async remove(queue: Queue, signal: AbortSignal): Promise<void> {
    try {
      const QueueUrl = await this.url(queue, signal);
      await this.#settings.clients.call(new DeleteQueueCommand({ QueueUrl }), signal);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    this.forget(queue);
  }

  /** Coordinators come and go. */
  #urlsOf({ role }: Queue): Map<string, Promise<string>> | RecentMap<Promise<string>> {
    return role === "reply" ? this.#replyUrls : this.#urls;
  }

  #name(queue: Queue): string {
    return nameOf(this.#settings.naming, queue);
  }

  async #find(queue: Queue, signal: AbortSignal): Promise<string> {
    const { clients, account, naming } = this.#settings;
    const owner = naming.named?.of === queue.of && account !== undefined ? { QueueOwnerAWSAccountId: account } : {};
    const command = new GetQueueUrlCommand({ QueueName: this.#name(queue), ...owner });
    const { QueueUrl } = await clients.call(command, signal);
    return urlOf(QueueUrl);
  }

  async #create(queue: Queue, signal: AbortSignal): Promise<string> {
    const { clients } = this.#settings;
    const command = new CreateQueueCommand({
      QueueName: this.#name(queue),
      Attributes: attributesOf(queue, this.#settings),
    });
    this.forget(queue);
    try {
      const { QueueUrl } = await clients.call(command, signal);
      this.#urlsOf(queue).set(queueKey(queue), Promise.resolve(urlOf(QueueUrl)));
    } catch (error) {
      // Somebody else has just made it, with attributes of their own.
      if (!(error instanceof QueueNameExists)) throw error;
    }
    return this.url(queue, signal);
  }

  /** A URL that is known is not asked for: that its queue is not there is seen only at the check. */
  async #checked(queue: Queue, asked: Promise<string>, signal: AbortSignal): Promise<Opened> {
    const url = await asked;
    return { url, doubts: await this.#check(queue, url, signal) };
  }

  /** Throws for what would fail each large send; what is set up otherwise than the profile says is a doubt. */
  async #check(queue: Queue, QueueUrl: string, signal: AbortSignal): Promise<readonly Doubt[]> {
    const { clients, frameBytes } = this.#settings;
    const command = new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ["MaximumMessageSize", ...DOUBTED],
    });
    const { Attributes } = await clients.call(command, signal);
    const bytes = Number(Attributes?.MaximumMessageSize ?? frameBytes);
    if (bytes < frameBytes)
      throw new SqsRefusal(
        "MISMATCH",
        `the queue "${this.#name(queue)}" takes ${bytes} bytes a message (MaximumMessageSize): give it ${frameBytes}, or say frameBytes: ${bytes}`,
      );
    return doubtsOf(this.#name(queue), Attributes);
  }
}

/** A queue that is not there, and may not be made. */
class MissingQueue extends SqsRefusal {
  readonly queue: Queue;
  readonly queueName: string;

  constructor(queue: Queue, queueName: string) {
    super("MISSING", missing([queueName]), [queue]);
    this.queue = queue;
    this.queueName = queueName;
  }
}

/**
 * Of what failed, the error to throw: all queues that are missing in one, so that nobody makes them one by one. Whatever else went wrong comes first: of
 * what could not be asked nobody knows whether it is there.
 */
export function firstOf(errors: readonly unknown[]): unknown {
  const those = errors.filter((error) => error instanceof MissingQueue);
  if (those.length < errors.length) return errors.find((error) => !(error instanceof MissingQueue));
  const queues = those.map(({ queue }) => queue);
  return new SqsRefusal("MISSING", missing(those.map(({ queueName }) => queueName)), queues);
}

function missing(names: readonly string[]): string {
  const which = names
    .map((name) => `"${name}"`)
    .sort()
    .join(", ");
  return `there is no queue ${which}: open once with create, which makes what is missing beside what is there, or make it by this name`;
}

/** Undefined where the queue is not there. */
async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return undefined;
  });
}

/** A queue that is there. */
interface Opened {
  readonly url: string;
  readonly doubts: readonly Doubt[];
}

function urlOf(url: string | undefined): string {
  if (url === undefined) throw new SqsRefusal("UNAVAILABLE", "the server has answered without the URL of the queue");
  return url;
}
