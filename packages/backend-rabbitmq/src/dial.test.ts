import { describe, expect, inject, it } from "vitest";
import { addressOf } from "./address.ts";
import { connector } from "./dial.ts";

const { rabbitmq: service } = inject("services");

describe.skipIf(service === undefined)("nodes of a cluster", () => {
  it("are asked one after the other by each that dials, however many do", async () => {
    const { host } = new URL(service?.url ?? "");
    // Nobody listens there.
    const dial = connector(addressOf({ url: `amqp://127.0.0.1:1,${host}` }), {});
    const models = await Promise.all([1, 2, 3].map(() => dial({ heartbeatS: 1 })));
    expect(models).toHaveLength(3);
    await Promise.all(models.map((model) => model.close()));
  });
});
