import type { ConsumeMessage } from "amqplib";
import { describe, expect, it } from "vitest";
import { deliveryOf, type Life, RabbitReceipt } from "./receipt.ts";
import { WORK } from "./testing/opened.ts";

describe("losses", () => {
  it.each([
    [{}, 0],
    [{ "x-delivery-count": 2 }, 2],
    [{ "x-dispatch-losses": 3 }, 3],
    [{ "x-dispatch-losses": 3, "x-delivery-count": 2 }, 5],
    [{ "x-dispatch-losses": "abc" }, 0],
    [{ "x-dispatch-losses": { a: 1 }, "x-delivery-count": 2 }, 2],
    [{ "x-dispatch-losses": -5 }, 0],
    [{ "x-dispatch-losses": 1.5, "x-delivery-count": "many" }, 0],
    [{ "x-dispatch-losses": 1e300 }, 0],
  ])("are what headers say, where that is a count: %o", (headers, redelivery) => {
    const message = { fields: {}, properties: { headers } } as ConsumeMessage;
    const receipt = new RabbitReceipt(
      WORK,
      { isFlagged: false } as Life,
      { tag: "", prefetch: 1, unacked: 1 },
      message,
    );
    expect(deliveryOf(receipt).redelivery).toBe(redelivery);
  });
});
