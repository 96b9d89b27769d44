import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { DispatchError } from "@org/dispatch-core";
import { FIFO_SUFFIX } from "./names.ts";

export interface AddressOptions {
  /** `sqs://REGION`, or `sqs+http://HOST:PORT` for a server of one's own. */
  readonly url?: string | undefined;
  /** Default: as the SDK finds it. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Default: the SDK's chain; over plain `http:` something that a test server takes. */
  readonly credentials?: SQSClientConfig["credentials"] | undefined;
  /** The URL of the queue `queue`'s middle lane; the names of its other queues begin with its name. */
  readonly queueUrl?: string | undefined;
}

/** Where SQS is, and where a queue of the user's is in it. */
export interface Address {
  /** What a client is made with. */
  readonly config: SQSClientConfig;
  /** What else, unless the user says otherwise. */
  readonly defaults: SQSClientConfig;
  /** The name at the end of `queueUrl`, without the suffix of FIFO queues. */
  readonly queueName: string | undefined;
  readonly isFifo: boolean;
  /** The account in `queueUrl`: its siblings are looked for there. */
  readonly account: string | undefined;
}

/**
 * For servers of a test, which check nothing but want something. A new object each time: the SDK writes to it. What the environment has is not sent for that:
 * a session's token would be readable on its way.
 */
const anybody = () => ({ accessKeyId: "anybody", secretAccessKey: "anything" });

/** As the SDK finds it: asked once, since it asks the cloud's machine, too. A server that is no part of AWS takes any. */
function anyRegion(): () => Promise<string> {
  let found: Promise<string> | undefined;
  return () => {
    found ??= new SQSClient({}).config.region().catch(() => "us-east-1");
    return found;
  };
}

/** Puts URL, queue URL and single options together; where two say the same, the single option wins. Throws `CONFIG_INVALID`. */
export function addressOf(options: AddressOptions): Address {
  const url = options.url === undefined ? undefined : readUrl(options.url);
  const queue = options.queueUrl === undefined ? undefined : readQueueUrl(options.queueUrl);
  const endpoint = options.endpoint ?? url?.endpoint ?? queue?.endpoint;
  const region = options.region ?? url?.region ?? queue?.region ?? regionOf(endpoint);
  const credentials = options.credentials ?? url?.credentials;
  return {
    config: {
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
      ...(credentials !== undefined && { credentials }),
    },
    defaults: {
      ...(endpoint !== undefined && { region: anyRegion() }),
      ...(endpoint?.startsWith("http:") && { credentials: anybody() }),
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

/** The host of a VPC endpoint, which is asked instead of AWS's own; with the region in it. */
const VPC_HOST = /^vpce-[a-z0-9-]+\.sqs\.([a-z0-9-]+)\.vpce\.amazonaws\.com(?:\.cn)?$/;
/** The host of a queue's URL on AWS, with the region in it: older forms have it in front. */
const AWS_HOST = /^(?:sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.(?:amazonaws\.com|api\.aws)(?:\.cn)?$/;

function readQueueUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [account, name, ...more] = url?.pathname.split("/").filter((part) => part !== "") ?? [];
  if (url === undefined || !/^https?:$/.test(url.protocol) || account === undefined || more.length > 0)
    throw invalid("queueUrl is not a URL of a queue, such as https://sqs.eu-west-1.amazonaws.com/123456789012/tasks");
  const region = regionOf(url.origin);
  return {
    // A test server may have no account in its URLs.
    name: name ?? account,
    account: region === undefined || name === undefined ? undefined : account,
    region,
    endpoint: AWS_HOST.test(url.hostname) ? undefined : url.origin,
  };
}

/** In whose account a queue is; undefined where that is no URL of AWS's. */
export function accountOf(queueUrl: string): string | undefined {
  return regionOf(queueUrl) === undefined ? undefined : new URL(queueUrl).pathname.split("/")[1];
}

/** Of a host that is AWS's. */
function regionOf(origin: string | undefined): string | undefined {
  if (origin === undefined || !URL.canParse(origin)) return undefined;
  const { hostname } = new URL(origin);
  const [, region, older] = AWS_HOST.exec(hostname) ?? VPC_HOST.exec(hostname) ?? [];
  return region ?? older;
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
