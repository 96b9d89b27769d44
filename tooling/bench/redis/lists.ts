/** The floor: lists and nothing else. No lease, no retry, no id: what is in hand at a crash is gone. */
import { Redis } from "ioredis";
import { type BrokerSubject, type Kind, payloadOf } from "./subject.ts";

const BATCH = 100;
const WINDOW_TASKS = 10_000;

export const subject: BrokerSubject = {
  worker: new URL("workers/lists.ts", import.meta.url),
  async open({ url, name }) {
    const [sender, reader] = [new Redis(url), new Redis(url)];
    const push = (from: number, count: number, kind?: Kind) =>
      sender.lpush(name, ...Array.from({ length: count }, (_, index) => JSON.stringify(payloadOf(from + index, kind))));
    return {
      async run(from, count, take, kind) {
        let taken = 0;
        const sending = async () => {
          for (let sent = 0; sent < count; sent += BATCH) {
            while (sent - taken >= WINDOW_TASKS) await new Promise((resolve) => setImmediate(resolve));
            await push(from + sent, Math.min(BATCH, count - sent), kind);
          }
        };
        const reading = async () => {
          while (taken < count) {
            const [, found] = (await reader.blmpop(0, 1, `${name}:reply`, "RIGHT", "COUNT", BATCH)) ?? ["", []];
            for (const text of found) for (const value of JSON.parse(text)) take(value);
            for (const text of found) taken += JSON.parse(text).length;
          }
        };
        await Promise.all([sending(), reading()]);
      },
      async fill(count) {
        for (let sent = 0; sent < count; sent += BATCH) await push(sent, Math.min(BATCH, count - sent));
      },
      async close() {
        sender.disconnect();
        reader.disconnect();
      },
    };
  },
};
