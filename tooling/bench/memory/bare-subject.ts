/** The backend's verbs in bare loops. */
import { memory } from "../../../packages/core/dist/memory.js";
import type { MakeSubject, Take } from "../subject.ts";
import { BareSystem } from "./bare-system.ts";

/** A subject that sends so many tasks to a frame. */
export function bareSubject(frameTasks: number): MakeSubject {
  return ({ wrap }) => ({
    async endToEnd(count, take) {
      await using backend = memory();
      const system = new BareSystem(wrap(backend), take, frameTasks);
      await system.open();
      system.start();
      await system.send(0, count);
      await system.stop();
    },

    async fill(count) {
      const backend = memory();
      let take: Take = () => {};
      const system = new BareSystem(backend, (value) => take(value), frameTasks);
      await system.open();
      await system.send(0, count, Number.POSITIVE_INFINITY);
      return {
        async drain(taking) {
          take = taking;
          system.start();
          await system.stop();
          await backend.close();
        },
      };
    },

    async idle() {
      const backend = memory();
      let take: Take = () => {};
      const system = new BareSystem(backend, (value) => take(value), frameTasks);
      await system.open();
      system.start();
      return {
        async one(payload) {
          const result = new Promise<number>((resolve) => {
            take = resolve;
          });
          await system.send(payload, payload + 1);
          return result;
        },
        async close() {
          await system.stop();
          await backend.close();
        },
      };
    },
  });
}
