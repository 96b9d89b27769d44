import { expect, it } from "vitest";
import { classifyError, RedisRefusal } from "./redis-error.ts";

it.each<[string, string]>([
  ["OOM command not allowed when used memory > 'maxmemory'. script: 3f, on @user_script:1.", "THROTTLED"],
  ["BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "THROTTLED"],
  ["ERR max number of clients reached", "THROTTLED"],
  ["NOSCRIPT No matching script. Please use EVAL.", "UNAVAILABLE"],
  ["READONLY You can't write against a read only replica.", "UNAVAILABLE"],
  ["LOADING Redis is loading the dataset in memory", "UNAVAILABLE"],
  ["MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "UNAVAILABLE"],
  ["CLUSTERDOWN Hash slot not served", "UNAVAILABLE"],
  ["MOVED 866 127.0.0.1:7001", "UNAVAILABLE"],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "UNAVAILABLE"],
  ["NOREPLICAS Not enough good replicas to write.", "UNAVAILABLE"],
  ["Connection is closed.", "UNAVAILABLE"],
  ["connect ECONNREFUSED 127.0.0.1:1", "UNAVAILABLE"],
  ["Reached the max retries per request limit (which is 0).", "UNAVAILABLE"],
  ["connect ETIMEDOUT", "TIMED_OUT"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "DENIED"],
  ["NOAUTH Authentication required.", "DENIED"],
  ["NOPERM User x has no permissions to run the 'evalsha' command", "DENIED"],
  ["ERR The user executing the script can't run this command or subcommand script: 3f, on @user_script:1.", "DENIED"],
  ["ERR ACL failure in script: User few has no permissions to run the 'zadd' command script: 3f", "DENIED"],
  ["self-signed certificate in certificate chain", "DENIED"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value script: 3f, on @user_script:1.", "MISMATCH"],
  ["ERR unknown command 'evalsha', with args beginning with: ", "MISMATCH"],
])("%s is %s", (message, code) => {
  expect(classifyError(new Error(message))).toEqual({ code, detail: message });
});

it("has an answer to anything", () => {
  expect(classifyError(new RedisRefusal("CLOSED", "closed"))).toEqual({ code: "CLOSED", detail: "closed" });
  const hostile = {
    [Symbol.toPrimitive]: () => {
      throw new Error("no");
    },
  };
  for (const odd of [undefined, null, 3, "text", hostile, Object.create(null)])
    expect(classifyError(odd).code).toBe("UNAVAILABLE");
});

it("looks behind an error that only wraps another", () => {
  expect(classifyError(new Error("failed", { cause: new Error("NOAUTH Authentication required.") })).code).toBe(
    "DENIED",
  );
});
