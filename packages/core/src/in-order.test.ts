import { expect, it } from "vitest";
import { InOrder } from "./in-order.ts";

function stage() {
  const order = new InOrder<string>();
  const seen: string[] = [];
  const add = (value: string | Promise<string>) =>
    order.add(
      value,
      (made) => seen.push(made),
      (error) => seen.push(`failed ${(error as Error).message}`),
    );
  const made = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    add(promise);
    return { resolve, reject };
  };
  return { order, seen, add, made, settle: () => new Promise<void>((resolve) => setImmediate(resolve)) };
}

it("hands on at once what is there, where nothing is being made", () => {
  const { add, seen } = stage();
  add("a");
  add("b");
  expect(seen).toEqual(["a", "b"]);
});

it("lets nothing overtake what is being made, whichever is ready first, or fails", async () => {
  const { add, made, seen, settle } = stage();
  const a = made();
  add("b");
  const c = made();
  add("d");
  c.reject(new Error("c"));
  await settle();
  expect(seen).toEqual([]);
  a.resolve("a");
  await settle();
  expect(seen).toEqual(["a", "b", "failed c", "d"]);
  add("e");
  expect(seen.at(-1)).toBe("e");
});

it("has room for sixteen, and says when there is room again, and when all are gone", async () => {
  const { order, made, settle } = stage();
  const values = Array.from({ length: 16 }, (_, index) => {
    expect([index, order.room()]).toEqual([index, undefined]);
    return made();
  });
  let roomy = false;
  let idle = false;
  void order.room()?.then(() => {
    roomy = true;
  });
  void order.idle().then(() => {
    idle = true;
  });
  await settle();
  expect([roomy, idle]).toEqual([false, false]);
  values[0]?.resolve("");
  await settle();
  expect([roomy, idle, order.room()]).toEqual([true, false, undefined]);
  for (const value of values) value.resolve("");
  await settle();
  expect(idle).toBe(true);
});
