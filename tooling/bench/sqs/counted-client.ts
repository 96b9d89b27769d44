/** Clients of the SDK whose requests are counted where they go out: that is what AWS bills. */
import { SQSClient } from "@aws-sdk/client-sqs";

/** Requests so far, of all clients of this process. */
export const requests = { count: 0 };

const SOCKETS = 512;

export function countedClient(url: string): SQSClient {
  const client = new SQSClient({
    endpoint: url.replace(/^sqs\+/, ""),
    region: "us-east-1",
    credentials: { accessKeyId: "anybody", secretAccessKey: "anything" },
    maxAttempts: 1,
    md5: false,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: SOCKETS } },
  });
  client.middlewareStack.add(
    (next) => (args) => {
      requests.count += 1;
      return next(args);
    },
    { step: "finalizeRequest", name: "counted" },
  );
  return client;
}
