/** How the servers that speak SQS are reached; their own URLs are plain HTTP ones. */
import type { Config } from "../service.ts";

const ANSWER_MS = 2_000;

export function sqsUrl(port: number | undefined): string {
  return `sqs+http://127.0.0.1:${port}`;
}

/** The URL for an HTTP client. */
export function httpUrl(url: string): string {
  return url.replace(/^sqs\+/, "");
}

export function sqsConfig(url: string, region: string): Config {
  return { backend: "sqs", url: url.startsWith("http") ? `sqs+${url}` : url, region };
}

/** True where the server answers `path` well. */
export async function answersAt(url: string, path: string): Promise<boolean> {
  const answer = await fetch(new URL(path, httpUrl(url)), { signal: AbortSignal.timeout(ANSWER_MS) });
  await answer.arrayBuffer();
  return answer.ok;
}
