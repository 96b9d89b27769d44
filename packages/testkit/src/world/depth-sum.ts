import type { Backend, Clock, Depth, Queue } from "@org/dispatch-core/contract";

/** The depth of all these queues together, seen by a connection that is opened for that and takes nothing. Throws where the backend has no `depth`. */
export async function depthOf(
  backend: Backend,
  queues: readonly Queue[],
  { leaseMs, clock }: { readonly leaseMs: number; readonly clock: Clock },
): Promise<Depth> {
  const { signal } = new AbortController();
  await backend.open({ receive: [], send: queues, create: true, leaseMs, clock }, signal);
  const { depth } = backend;
  if (depth === undefined) throw new Error("the case asks for depth, which the backend does not have");
  const depths = await Promise.all(queues.map((queue) => depth.call(backend, queue, signal)));
  return depths.reduce((all, one) => ({
    ready: all.ready + one.ready,
    leased: all.leased + one.leased,
    delayed: all.delayed + one.delayed,
    exact: all.exact && one.exact,
  }));
}
