import { expect, test } from "vitest";
import { payloadOf } from "./subject.ts";

test("a payload is 200 bytes, whatever its number and its kind", () => {
  for (const n of [0, 9, 10, 999_999])
    for (const kind of ["plain", "failing", "timed"] as const) {
      const payload = payloadOf(n, kind);
      expect(JSON.stringify(payload)).toHaveLength(200);
      expect(payload).toMatchObject(kind === "plain" ? { n } : { n, kind });
    }
});
