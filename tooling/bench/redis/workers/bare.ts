import { BATCH, bareFrame, LEASE_MS, never, openBare, REPLY, WORK } from "../bare-queues.ts";
import { numberOf } from "../subject.ts";
import { serve } from "../worker.ts";

const LOOPS = 2;

await serve(async (site) => {
  const backend = await openBare(site, [WORK], [REPLY]);
  let stopped = false;
  let replies = 0;
  const work = async () => {
    while (!stopped) {
      const held = await backend.receive(WORK, { max: BATCH, waitMs: 1_000, leaseMs: LEASE_MS }, never);
      if (held.length === 0) continue;
      const results = await Promise.all(
        held.map(({ bytes }) => numberOf(JSON.parse(Buffer.from(bytes).toString()), 1)),
      );
      const receipts = held.map(({ receipt }) => ({ receipt, ack: true }));
      const frame = bareFrame(`reply-${process.pid}-${replies++}`, Buffer.from(JSON.stringify(results)));
      const [outcome] = await backend.move([{ receipts, sends: [{ queue: REPLY, frame }] }], never);
      if (outcome !== "ok") throw new Error("a lease was lost");
    }
  };
  const loops = Array.from({ length: LOOPS }, work);
  return {
    async stop() {
      stopped = true;
      await Promise.allSettled(loops);
      await backend.close();
    },
  };
});
