import type { SQSClientConfig } from "@aws-sdk/client-sqs";
import { DispatchError } from "@org/dispatch-core";
import { FIFO_SUFFIX } from "./names.ts";

export interface AddressOptions {
  /** `sqs://REGION`, or `sqs+http://HOST:PORT` for a server of one's own. */
  readonly url?: string | undefined;
  /** Default: as the SDK finds it. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Default: the SDK's chain; of `sqs+http:` something that a test server takes. */
  readonly credentials?: SQSClientConfig["credentials"] | undefined;
  /** The URL of the queue `queue`'s middle lane; the names of its other queues begin with its name. */
  readonly queueUrl?: string | undefined;
}

/** Where SQS is, and where a queue of the user's is in it. */
export interface Address {
  /** What a client is made with. */
  readonly config: SQSClientConfig;
  /** The name at the end of `queueUrl`, without the suffix of FIFO queues. */
  readonly queueName: string | undefined;
  readonly isFifo: boolean;
  /** The account in `queueUrl`: its siblings are looked for there. */
  readonly account: string | undefined;
}

/** For servers of a test, which check nothing but want something. A new object each time: the SDK writes to it. */
const anybody = () => ({ accessKeyId: "anybody", secretAccessKey: "anything" });

/** Puts URL, queue URL and single options together; where two say the same, the single option wins. Throws `CONFIG_INVALID`. */
export function addressOf(options: AddressOptions): Address {
  const url = options.url === undefined ? undefined : readUrl(options.url);
  const queue = options.queueUrl === undefined ? undefined : readQueueUrl(options.queueUrl);
  const region = options.region ?? url?.region ?? queue?.region;
  const endpoint = options.endpoint ?? url?.endpoint ?? queue?.endpoint;
  const isTestServer = endpoint?.startsWith("http:") === true;
  const credentials = options.credentials ?? url?.credentials ?? (isTestServer ? anybody() : undefined);
  return {
    config: {
      ...(endpoint !== undefined && { endpoint }),
      // A server of one's own signs for any region.
      ...(region !== undefined ? { region } : endpoint !== undefined && { region: "us-east-1" }),
      ...(credentials !== undefined && { credentials }),
    },
    queueName: queue?.name.replace(/\.fifo$/, ""),
    isFifo: queue?.name.endsWith(FIFO_SUFFIX) === true,
    account: queue?.account,
  };
}

interface Read {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** `sqs://REGION`, `sqs+http://HOST:PORT`, `sqs+https://HOST:PORT`; the latter two with `KEY:SECRET@` where wanted. */
function readUrl(text: string): Read {
  if (!URL.canParse(text)) throw invalid("the URL cannot be read");
  const url = new URL(text);
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "")
    throw invalid("a URL says the region, or host and port; the rest are options");
  if (url.protocol === "sqs:") {
    if (url.port !== "" || url.username !== "") throw invalid("sqs://REGION says nothing but the region");
    return url.hostname === "" ? {} : { region: url.hostname };
  }
  if (url.protocol !== "sqs+http:" && url.protocol !== "sqs+https:")
    throw invalid(`"${url.protocol}" is no URL of SQS; those are sqs:, sqs+http: and sqs+https:`);
  const [, scheme] = /^sqs\+(https?):/.exec(url.protocol) ?? [];
  if (url.host === "") throw invalid("the URL names no host");
  const { username, password } = url;
  return {
    endpoint: `${scheme}://${url.host}`,
    ...(username !== "" && {
      credentials: { accessKeyId: decoded(username), secretAccessKey: decoded(password) },
    }),
  };
}

/** The host of a queue's URL on AWS, with the region in it: older forms have it in front. */
const AWS_HOST = /^(?:sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.(?:amazonaws\.com|api\.aws)(?:\.cn)?$/;

function readQueueUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [account, name, ...more] = url?.pathname.split("/").filter((part) => part !== "") ?? [];
  if (url === undefined || !/^https?:$/.test(url.protocol) || account === undefined || more.length > 0)
    throw invalid("queueUrl is not a URL of a queue, such as https://sqs.eu-west-1.amazonaws.com/123456789012/tasks");
  const host = AWS_HOST.exec(url.hostname);
  return {
    // A test server may have no account in its URLs.
    name: name ?? account,
    account: host === null || name === undefined ? undefined : account,
    region: host?.[1] ?? host?.[2],
    endpoint: host === null ? url.origin : undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("the URL holds a % that encodes nothing");
  }
}

function invalid(message: string): DispatchError {
  return new DispatchError("CONFIG_INVALID", `sqs: ${message}`);
}
