import type { CallCode, ErrorClass, Queue } from "@org/dispatch-core/contract";

/** What this adapter says itself, where the client has no error of its own. */
export class SqsRefusal extends Error {
  override readonly name = "SqsRefusal";
  readonly code: CallCode;
  /** Of an `open`: the queues that are not there. */
  readonly missing: readonly Queue[] | undefined;

  constructor(code: CallCode, message: string, missing?: readonly Queue[]) {
    super(message);
    this.code = code;
    this.missing = missing;
  }
}

/**
 * Names of errors, as the SDK gives them (`name`) or as the entries of a batch do (`Code`), without the prefix of the older protocol. Sources: the
 * "Errors" of each action and "Common error types" in the Amazon SQS API reference.
 */
const NAMES: Readonly<Record<string, CallCode>> = {
  ...all("THROTTLED", ["RequestThrottled", "Throttling", "ThrottlingException", "ThrottledException", "OverLimit"]),
  ...all("THROTTLED", ["RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "KmsThrottled"]),
  ...all("DENIED", [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorized",
    "OptInRequired",
  ]),
  ...all("DENIED", ["InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSecurity"]),
  ...all("DENIED", ["IncompleteSignature", "MissingAuthenticationToken", "ExpiredToken", "ExpiredTokenException"]),
  ...all("DENIED", ["CredentialsProviderError", "TokenProviderError", "KmsAccessDenied", "KmsOptInRequired"]),
  ...all("MISSING", ["QueueDoesNotExist", "NonExistentQueue"]),
  ...all("TOO_LARGE", ["BatchRequestTooLong", "MessageTooLong"]),
  ...all("UNAVAILABLE", ["QueueDeletedRecently", "InternalError", "InternalFailure", "ServiceUnavailable"]),
  ...all("UNAVAILABLE", ["KmsInvalidState", "KmsNotFound", "KmsDisabled"]),
  ...all("MISMATCH", ["QueueNameExists", "InvalidMessageContents", "InvalidAttributeName", "InvalidAttributeValue"]),
  ...all("MISMATCH", ["InvalidParameterValue", "InvalidParameterValueException", "InvalidParameterCombination"]),
  ...all("MISMATCH", ["MissingParameter", "ValidationException", "ValidationError", "UnsupportedOperation"]),
  ...all("MISMATCH", ["InvalidAction", "InvalidAddress", "MalformedQueryString", "KmsInvalidKeyUsage"]),
  ...all("MISMATCH", ["ReceiptHandleIsInvalid", "MessageNotInflight", "PurgeQueueInProgress"]),
  ...all("TIMED_OUT", ["TimeoutError", "AbortError", "RequestTimeout", "RequestTimeoutException"]),
  ...all("DENIED", ["RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException"]),
};

/** What is refused where the clock of this machine is more than five minutes off, among other things. */
const OFF_CLOCK = ["RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch"];

/** Errors of Node itself, by `code`: all of a connection that may be another one next time. */
const NODE_TIMEOUT = /^(?:ETIMEDOUT|ESOCKETTIMEDOUT|ERR_HTTP_REQUEST_TIMEOUT)$/;
const NODE_TRUST = /^(?:ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

/** What a body was refused for that is too large, by what it says: SQS has one name for that and for others. */
const TOO_LARGE =
  /must be shorter than|larger than|too long|exceeds? the .*(?:size|length)|maximum (?:allowed )?(?:message )?(?:size|length)/i;

/** A batch's entry that failed; the SDK has it so. */
interface FailedEntry {
  readonly Code?: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

/** Pure, and total: what it has never seen is taken as an outage, so that core tries again within its deadline. */
export function classifyError(error: unknown): ErrorClass {
  try {
    if (error instanceof SqsRefusal) return { code: error.code, detail: error.message, missing: error.missing };
    const said = textOf(error);
    return { code: codeOf(error, said), detail: withAction(error, said) };
  } catch {
    return { code: "UNAVAILABLE" };
  }
}

function codeOf(error: unknown, said: string): CallCode {
  const name = errorName(error);
  if (mayPass(error, name)) return "UNAVAILABLE";
  const known = NAMES[name];
  if (known === "MISMATCH" && TOO_LARGE.test(said)) return "TOO_LARGE";
  if (known !== undefined) return known;
  const node = String(fieldOf(error, "code") ?? "");
  if (NODE_TIMEOUT.test(node)) return "TIMED_OUT";
  if (NODE_TRUST.test(node)) return "DENIED";
  if (/^Region is missing|could not load credentials|credential is missing/i.test(said)) return "DENIED";
  const status = Number(fieldOf(fieldOf(error, "$metadata"), "httpStatusCode"));
  if (status === 429) return "THROTTLED";
  if (status === 401 || status === 403) return "DENIED";
  if (status === 413) return "TOO_LARGE";
  if (status >= 400 && status < 500) return "MISMATCH";
  if (fieldOf(error, "SenderFault") === true) return "MISMATCH";
  return "UNAVAILABLE";
}

/**
 * Refusals that the next try may not meet: the SDK has learnt the server's time from this one, or a refresh of credentials has failed. Who never had any is
 * told at once.
 */
function mayPass(error: unknown, name: string): boolean {
  if (name === "CredentialsProviderError") return originOf(error)?.hadAnswers === true;
  return OFF_CLOCK.includes(name) && fieldOf(fieldOf(error, "$metadata"), "clockSkewCorrected") === true;
}

/**
 * The name of an error without the prefixes that servers put before it. Of a whole call the older protocol's name stands beside it (`Code`), in other words
 * now and then (`KMS.DisabledException`); a batch's entry has nothing else.
 */
function errorName(error: unknown): string {
  const named = (key: string) => String(fieldOf(error, key) ?? "").replace(/^.*[#.]/, "");
  const [name, code] = [named("name"), named("Code")];
  return Object.hasOwn(NAMES, name) || code === "" ? name : code;
}

function textOf(error: unknown): string {
  const { Message } = (error ?? {}) as FailedEntry;
  const said = Message ?? (error instanceof Error ? error.message : undefined) ?? "";
  const name = errorName(error);
  const node = fieldOf(error, "code");
  // A refused connection comes as an AggregateError without a message.
  const text = said === "" ? String(node ?? "") : said;
  return name === "" || name === "Error" || text.startsWith(name) ? text : `${name}: ${text}`;
}

function withAction(error: unknown, said: string): string {
  const action = originOf(error)?.action;
  return action === undefined || said.includes(`sqs:${action}`) ? said : `sqs:${action}: ${said}`;
}

/** What an error came of. */
interface Origin {
  readonly action: string;
  /** Was its client answered before? */
  readonly hadAnswers: boolean;
}

/** The error itself stays as the client made it. */
const origins = new WeakMap<object, Origin>();

function originOf(error: unknown): Origin | undefined {
  return typeof error === "object" && error !== null ? origins.get(error) : undefined;
}

/** Remembers it, for what `classifyError` says: a right that is missing is named. */
export function cameOf(error: unknown, origin: Origin): void {
  if (typeof error === "object" && error !== null) origins.set(error, origin);
}

/** Does it say that the queue does not exist? */
export function isMissing(error: unknown): boolean {
  return NAMES[errorName(error)] === "MISSING";
}

const STALE_NAMES = ["ReceiptHandleIsInvalid", "MessageNotInflight"];
/** Names that also mean other things: then it is what they say that counts. */
const STALE_SAYS = /receipt ?handle|does not exist or is not available|not in ?flight|message .*(?:expired|deleted)/i;
/** More than twelve hours since the receive: the frame is still held, but not for so long. */
const BEYOND_CAP = /total visibilitytimeout|beyond the limit/i;

/** Does an entry say that its receipt is worth nothing any more? */
export function isStale(entry: FailedEntry): boolean {
  const name = errorName(entry);
  if (BEYOND_CAP.test(entry.Message ?? "")) return false;
  return STALE_NAMES.includes(name) || (NAMES[name] === "MISMATCH" && STALE_SAYS.test(entry.Message ?? ""));
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function all(code: CallCode, names: readonly string[]): Record<string, CallCode> {
  return Object.fromEntries(names.map((name) => [name, code]));
}
