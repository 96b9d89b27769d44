import { type ServiceInputTypes, type ServiceOutputTypes, SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { cameOf, SqsRefusal } from "./sqs-error.ts";

/** A command of the SDK. */
type Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = Parameters<
  typeof SQSClient.prototype.send<I, O>
>[0];

/** Long polls have a client of their own: they hold a socket for their time, and must not hold up a send or an ack. */
export class Clients {
  readonly #calling: SQSClient;
  readonly #polling: SQSClient;
  readonly #areOwn: boolean;
  #hadAnswers = false;

  constructor(calling: SQSClient, polling: SQSClient, areOwn: boolean) {
    this.#calling = calling;
    this.#polling = polling;
    this.#areOwn = areOwn;
  }

  /** Throws where the client would try again by itself: a batch whose answer was lost would be sent twice. */
  async check(): Promise<void> {
    for (const client of new Set([this.#calling, this.#polling])) {
      const attempts = await client.config.maxAttempts();
      if (attempts !== 1)
        throw new SqsRefusal("MISMATCH", `the client tries ${attempts} times by itself: make it with maxAttempts: 1`);
    }
  }

  /** Throws the client's own error. */
  call<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: Command<I, O>,
    signal: AbortSignal,
  ): Promise<O> {
    return this.#told(command, bySignal(signal, this.#calling.send(command, { abortSignal: signal })));
  }

  /**
   * No caller aborts it: what the server grants to a poll whose caller has gone is held by nobody for a whole lease. Only its own bound does, by which it
   * would have been answered on a connection that is not dead. A client's `requestTimeout` would do nothing where it was made without `throwOnRequestTimeout`.
   */
  poll<I extends ServiceInputTypes, O extends ServiceOutputTypes>(command: Command<I, O>, boundMs: number): Promise<O> {
    const signal = AbortSignal.timeout(boundMs);
    return this.#told(command, bySignal(signal, this.#polling.send(command, { abortSignal: signal })));
  }

  async #told<O>(command: object, answer: Promise<O>): Promise<O> {
    try {
      const answered = await answer;
      this.#hadAnswers = true;
      return answered;
    } catch (error) {
      const action = command.constructor.name.replace(/Command$/, "");
      cameOf(error, { action, hadAnswers: this.#hadAnswers });
      throw error;
    }
  }

  close(): void {
    if (!this.#areOwn) return;
    this.#calling.destroy();
    this.#polling.destroy();
  }
}

/** A connection that is not there in this time will not be there. */
const CONNECT_MS = 5_000;
/** Sockets cost little, and waiting for one costs a poll's time: 50 polls on the SDK's default held up a send for seconds. */
const MAX_SOCKETS = 512;
/** Signed requests and answers are checked by TLS, and frames by core: a hash of each body is a tenth of a request's CPU. */
const common = { maxAttempts: 1, md5: false } as const;

/** Both clients are made alike. */
export function ownClients(config: SQSClientConfig): Clients {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const requestHandler = {
    connectionTimeout: CONNECT_MS,
    httpAgent: agent,
    httpsAgent: agent,
  };
  const make = () => new SQSClient({ requestHandler, ...config, ...common });
  return new Clients(make(), make(), true);
}

export function givenClients(calling: SQSClient, polling: SQSClient = calling): Clients {
  return new Clients(calling, polling, false);
}

/**
 * The client looks at its signal only from the moment when there is a request to send: not while it waits for credentials, which may be for ever. A request
 * whose credentials come after the signal is not sent any more.
 */
function bySignal<O>(signal: AbortSignal, answer: Promise<O>): Promise<O> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("not answered in time", "AbortError"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
