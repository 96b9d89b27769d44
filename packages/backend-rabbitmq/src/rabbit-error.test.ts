import { describe, expect, it } from "vitest";
import { classifyError, RabbitRefusal } from "./rabbit-error.ts";

const coded = (code: number | string, message: string) => Object.assign(new Error(message), { code });

describe("what an error means", () => {
  it.each([
    ["UNAVAILABLE", coded("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:5672")],
    ["UNAVAILABLE", coded("ECONNREFUSED", "")],
    ["UNAVAILABLE", new Error("Unexpected close")],
    ["UNAVAILABLE", new Error("channel closed")],
    ["UNAVAILABLE", coded(320, 'Connection closed: 320 (CONNECTION-FORCED) with message "shutdown"')],
    ["UNAVAILABLE", coded(541, "Channel closed by server: 541 (INTERNAL-ERROR)")],
    [
      "UNAVAILABLE",
      coded(406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 10000 ms"),
    ],
    ["UNAVAILABLE", coded(406, "PRECONDITION_FAILED - unknown delivery tag 7")],
    ["TIMED_OUT", new Error("Heartbeat timeout")],
    ["TIMED_OUT", new Error("connect ETIMEDOUT")],
    ["THROTTLED", coded(506, "Connection closed: 506 (RESOURCE-ERROR)")],
    ["THROTTLED", coded(530, 'NOT_ALLOWED - access to vhost "/" refused for user: connection limit (1) is reached')],
    [
      "DENIED",
      new Error(
        'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused"',
      ),
    ],
    ["DENIED", coded(403, "ACCESS_REFUSED - configure access to queue 'a' in vhost '/' refused for user 'u'")],
    ["DENIED", new Error("SASL mechanism EXTERNAL is not provided by the server")],
    ["DENIED", coded("SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain")],
    ["MISSING", coded(404, "NOT_FOUND - no queue 'a' in vhost '/'")],
    ["MISSING", coded(530, "NOT_ALLOWED - vhost nowhere not found")],
    ["MISMATCH", coded(406, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'a' in vhost '/'")],
    ["TOO_LARGE", coded(406, "PRECONDITION_FAILED - message size 20 is larger than configured max size 10")],
    ["QUEUE_FULL", new RabbitRefusal("QUEUE_FULL", "full")],
  ] as const)("%s: %s", (code, error) => {
    expect(classifyError(error)).toMatchObject({ code });
  });

  it("says what may be the reason where the client leaves it out, and may pass", () => {
    expect(classifyError(new Error("Expected ConnectionOpenOk; got <ConnectionClose channel:0>"))).toEqual({
      code: "UNAVAILABLE",
      detail: expect.stringMatching(/virtual host.* not there, .*limit of connections/),
    });
  });

  it("keeps the server's own words, which name the argument or the right", () => {
    const message = "PRECONDITION_FAILED - inequivalent arg 'x-max-priority' for queue 'a'";
    expect(classifyError(coded(406, message))).toEqual({ code: "MISMATCH", detail: message });
    expect(classifyError(coded("ECONNREFUSED", "")).detail).toBe("ECONNREFUSED");
  });
});
