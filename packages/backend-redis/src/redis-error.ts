import type { CallCode, ErrorClass } from "@org/dispatch-core/contract";

/** What this adapter says itself, where the client has no error of its own. */
export class RedisRefusal extends Error {
  override readonly name = "RedisRefusal";
  readonly code: CallCode;

  constructor(code: CallCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The first word of a server's error, and what it means. What may pass by itself is UNAVAILABLE or THROTTLED, and tried again by core.
 * Words: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the server's `server.c`.
 */
const WORDS: Readonly<Record<string, CallCode>> = {
  OOM: "THROTTLED",
  BUSY: "THROTTLED",
  TRYAGAIN: "THROTTLED",
  LOADING: "UNAVAILABLE",
  READONLY: "UNAVAILABLE",
  MISCONF: "UNAVAILABLE",
  MASTERDOWN: "UNAVAILABLE",
  CLUSTERDOWN: "UNAVAILABLE",
  MOVED: "UNAVAILABLE",
  ASK: "UNAVAILABLE",
  NOREPLICAS: "UNAVAILABLE",
  NOSCRIPT: "UNAVAILABLE",
  UNBLOCKED: "UNAVAILABLE",
  UNKILLABLE: "UNAVAILABLE",
  NOAUTH: "DENIED",
  WRONGPASS: "DENIED",
  NOPERM: "DENIED",
  DENIED: "DENIED",
  WRONGTYPE: "MISMATCH",
  CROSSSLOT: "MISMATCH",
};

/** Errors without such a word, by what they say. */
const SENTENCES: readonly (readonly [RegExp, CallCode])[] = [
  [/max number of clients/i, "THROTTLED"],
  [/executing the script can't|ACL failure in script|has no permissions/i, "DENIED"],
  [/unknown (?:redis )?command|unknown subcommand|wrong number of arguments/i, "MISMATCH"],
  [/invalid (?:username-)?password|without any password configured|DB index is out of range/i, "DENIED"],
  [/timed? ?out|ETIMEDOUT/i, "TIMED_OUT"],
  [/self.signed certificate|unable to verify|certificate (?:has expired|required)|altnames/i, "DENIED"],
];

/** Pure, and total: what it has never seen is taken as an outage, so that core tries again within its deadline. */
export function classifyError(error: unknown): ErrorClass {
  try {
    if (error instanceof RedisRefusal) return { code: error.code, detail: error.message };
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
    // An error inside a script carries the server's own word behind these.
    const said = message.replace(
      /^(?:ERR )?(?:Error running script.*?|user_script:\d+): (?:@user_script: ?\d+: )?(?:-)?/,
      "",
    );
    for (const text of [said, message]) {
      const code = WORDS[/^-?([A-Z]+)\b/.exec(text)?.[1] ?? ""];
      if (code !== undefined) return { code, detail: message };
    }
    for (const [pattern, code] of SENTENCES) if (pattern.test(message)) return { code, detail: message };
    if (cause instanceof Error && cause !== error) return classifyError(cause);
    return { code: "UNAVAILABLE", detail: message };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}

/** Of one frame. */
export function tooLarge(bytes: number, most: number): RedisRefusal {
  return new RedisRefusal("TOO_LARGE", `a frame of ${bytes} bytes is above the limit of ${most}`);
}
