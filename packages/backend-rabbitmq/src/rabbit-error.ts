import type { CallCode, ErrorClass, Queue } from "@org/dispatch-core/contract";

/** What this adapter says itself, where the client has no error of its own. */
export class RabbitRefusal extends Error {
  override readonly name = "RabbitRefusal";
  readonly code: CallCode;
  /** Of an `open`: the queues that are not there, and nothing else is missing. */
  readonly missing: readonly Queue[] | undefined;

  constructor(code: CallCode, message: string, options?: ErrorOptions & { readonly missing?: readonly Queue[] }) {
    super(message, options);
    this.code = code;
    this.missing = options?.missing;
  }
}

/**
 * Reply codes of the server, as the client puts them into `code` or into a sentence (https://www.rabbitmq.com/amqp-0-9-1-reference#constants). What may
 * pass by itself is UNAVAILABLE or THROTTLED, and tried again by core.
 */
const REPLIES: Readonly<Record<number, CallCode>> = {
  200: "UNAVAILABLE",
  311: "TOO_LARGE",
  312: "MISSING",
  313: "UNAVAILABLE",
  320: "UNAVAILABLE",
  402: "DENIED",
  403: "DENIED",
  404: "MISSING",
  405: "MISMATCH",
  406: "MISMATCH",
  501: "UNAVAILABLE",
  502: "MISMATCH",
  503: "MISMATCH",
  504: "UNAVAILABLE",
  505: "UNAVAILABLE",
  506: "THROTTLED",
  530: "DENIED",
  540: "MISMATCH",
  541: "UNAVAILABLE",
};

/** What a reply code alone does not say. */
const SENTENCES: readonly (readonly [RegExp, CallCode])[] = [
  [/message size .* (?:larger|exceeds)|larger than configured max size/i, "TOO_LARGE"],
  [/delivery acknowledgement on channel .* timed out|unknown delivery tag/i, "UNAVAILABLE"],
  [/vhost .* not found|no such vhost/i, "MISSING"],
  [/(?:vhost|node|user).* (?:limit|is down)|connection limit/i, "THROTTLED"],
  [/SASL mechanism|ACCESS[-_]REFUSED/i, "DENIED"],
  [/heartbeat timeout|ETIMEDOUT|ESOCKETTIMEDOUT/i, "TIMED_OUT"],
  [
    /self.signed certificate|unable to (?:verify|get)|certificate (?:has expired|required)|altnames|ERR_TLS|EPROTO/i,
    "DENIED",
  ],
];

/** What the client makes of the server's refusal of a virtual host. It leaves the reason out, and some of them pass. */
const REFUSED_VHOST = /Expected ConnectionOpenOk; got <ConnectionClose/;
const REFUSED_VHOST_DETAIL =
  "RabbitMQ refused the virtual host, and the client does not say why: not there, down, not for this user, or at its limit of connections";

/** Pure, and total: what it has never seen is taken as an outage, so that core tries again within its deadline. */
export function classifyError(error: unknown): ErrorClass {
  try {
    if (error instanceof RabbitRefusal) return { code: error.code, detail: error.message, missing: error.missing };
    const said = error instanceof Error ? error.message : String(error);
    if (REFUSED_VHOST.test(said)) return { code: "UNAVAILABLE", detail: REFUSED_VHOST_DETAIL };
    const word = fieldOf(error, "code");
    // A refused connection comes as an AggregateError without a message.
    const detail = said === "" ? String(word ?? "") : said;
    return { code: codeOf(word, detail), detail };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}

function codeOf(word: unknown, detail: string): CallCode {
  for (const [pattern, code] of SENTENCES)
    if (pattern.test(detail) || (typeof word === "string" && pattern.test(word))) return code;
  const [, said] = /\b([2-5]\d\d) \([A-Z_-]+\)/.exec(detail) ?? [];
  return REPLIES[typeof word === "number" ? word : Number(said)] ?? "UNAVAILABLE";
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

export function closedError(): RabbitRefusal {
  return new RabbitRefusal("CLOSED", "the RabbitMQ backend is closed");
}
