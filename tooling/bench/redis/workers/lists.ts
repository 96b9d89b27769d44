import { Redis } from "ioredis";
import { numberOf } from "../subject.ts";
import { serve } from "../worker.ts";

const BATCH = 100;

await serve(async ({ url, name }) => {
  const [taker, sender] = [new Redis(url), new Redis(url)];
  let stopped = false;
  const work = async () => {
    while (!stopped) {
      const found = await taker.blmpop(0, 1, name, "RIGHT", "COUNT", BATCH).catch(() => null);
      const results = await Promise.all((found?.[1] ?? []).map((text) => numberOf(JSON.parse(text), 1)));
      if (results.length > 0) await sender.lpush(`${name}:reply`, JSON.stringify(results));
    }
  };
  void work();
  return {
    async stop() {
      stopped = true;
      taker.disconnect();
      sender.disconnect();
    },
  };
});
