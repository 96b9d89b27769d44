/** The same scripts in loops, and no dispatcher: leases and fences, but nobody who renews, tries again, or looks after results. */
import { randomBytes } from "node:crypto";
import { BATCH, bareFrame, LEASE_MS, never, openBare, REPLY, WORK } from "./bare-queues.ts";
import { type BrokerSubject, type Kind, payloadOf } from "./subject.ts";

const WINDOW_TASKS = 10_000;
const SENDS = 3;

export const subject: BrokerSubject = {
  worker: new URL("workers/bare.ts", import.meta.url),
  async open(site) {
    const backend = await openBare(site, [REPLY], [WORK]);
    const run = randomBytes(8).toString("base64url");
    let index = 0;
    const send = async (from: number, count: number, kind?: Kind) => {
      const frames = Array.from({ length: count }, (_, nth) =>
        bareFrame(`${run}/${index++}`, Buffer.from(JSON.stringify(payloadOf(from + nth, kind)))),
      );
      const outcomes = await backend.send(WORK, frames, never);
      if (outcomes.some((outcome) => outcome !== "ok")) throw new Error("not all were taken");
    };
    return {
      async run(from, count, take, kind) {
        let taken = 0;
        let sent = 0;
        let room = Promise.withResolvers<void>();
        const sending = async () => {
          while (sent < count) {
            while (sent - taken >= WINDOW_TASKS) await room.promise;
            const first = sent;
            sent += Math.min(BATCH, count - first);
            await send(from + first, sent - first, kind);
          }
        };
        const reading = async () => {
          while (taken < count) {
            const replies = await backend.receive(REPLY, { max: BATCH, waitMs: 5_000, leaseMs: LEASE_MS }, never);
            for (const { bytes } of replies) {
              const values: number[] = JSON.parse(Buffer.from(bytes).toString());
              for (const value of values) take(value);
              taken += values.length;
            }
            await backend.settle(
              replies.map(({ receipt }) => ({ kind: "ack", receipt })),
              never,
            );
            room.resolve();
            room = Promise.withResolvers();
          }
        };
        await Promise.all([...Array.from({ length: SENDS }, sending), reading()]);
      },
      async fill(count) {
        for (let sent = 0; sent < count; sent += BATCH) await send(sent, Math.min(BATCH, count - sent));
      },
      close: () => backend.close(),
    };
  },
};
