import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";

/** What a played server answers to one action: its JSON, an error, or nothing, because the connection breaks when it has done what was asked. */
export type Answer = object | PlayedError | "lost";

export class PlayedError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  /** What the older protocol calls it. */
  readonly alias: string;

  constructor(status: number, type: string, message: string, alias = `AWS.SimpleQueueService.${type}`) {
    this.status = status;
    this.type = type;
    this.message = message;
    this.alias = alias;
  }
}

interface Recorded {
  readonly action: string;
  readonly body: Record<string, unknown>;
}

/** What it does with each request, whatever the action. */
export interface Manner {
  /** Before anything else. */
  readonly refuses?: (request: Request) => PlayedError | undefined;
  /** The time by its clock. */
  readonly date?: () => Date;
}

/** By actions. */
export type Answers = Readonly<Record<string, (body: Record<string, unknown>) => Answer | Promise<Answer>>>;

const QUEUE_URL = "http://sqs.played/000000000000/";

/** A server of SQS that answers as each test says, in the protocol of the SDK (AWS JSON 1.0); what it is asked is recorded. */
export class PlayedServer {
  static readonly url = "sqs+http://sqs.played";
  readonly requests: Recorded[] = [];
  readonly #server = setupServer(http.post("http://sqs.played/*", ({ request }) => this.#answer(request)));
  #answers: Answers = {};
  #manner: Manner = {};

  listen(): void {
    this.#server.listen({ onUnhandledFrame: "error" });
  }

  close(): void {
    this.#server.close();
  }

  /** From now on it answers so; what is not named, as a server that has every queue and nothing in it. */
  play(answers: Answers, manner: Manner = {}): void {
    this.#answers = answers;
    this.#manner = manner;
    this.requests.length = 0;
  }

  actions(): string[] {
    return this.requests.map(({ action }) => action);
  }

  async #answer(request: Request): Promise<Response> {
    const action = request.headers.get("x-amz-target")?.replace("AmazonSQS.", "") ?? "";
    const body = (await request.json()) as Record<string, unknown>;
    this.requests.push({ action, body });
    const { refuses, date } = this.#manner;
    const answer = refuses?.(request) ?? (await this.#answers[action]?.(body)) ?? usual(action, body);
    if (answer === "lost") return HttpResponse.error();
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      ...(date !== undefined && { date: date().toUTCString() }),
    };
    if (!(answer instanceof PlayedError)) return HttpResponse.json(answer, { headers });
    const { status, type, message, alias } = answer;
    const sender = status < 500 ? "Sender" : "Receiver";
    return HttpResponse.json(
      { __type: `com.amazonaws.sqs#${type}`, message },
      { status, headers: { ...headers, "x-amzn-query-error": `${alias};${sender}` } },
    );
  }
}

function usual(action: string, { QueueName, Entries }: Record<string, unknown>): object {
  if (action === "GetQueueUrl") return { QueueUrl: QUEUE_URL + String(QueueName) };
  if (action === "GetQueueAttributes") return { Attributes: { MaximumMessageSize: "1048576" } };
  if (action === "ReceiveMessage") return { Messages: [] };
  if (Array.isArray(Entries)) return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
  return {};
}
