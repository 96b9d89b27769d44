import type { Backend } from "@org/dispatch-core/contract";

/** For tests: a backend that differs from another in some of its parts. */
export function wrappedBackend(inner: Backend, parts: Partial<Backend>): Backend {
  return {
    contract: 1,
    name: inner.name,
    profile: inner.profile,
    open: (...given) => inner.open(...given),
    send: (...given) => inner.send(...given),
    receive: (...given) => inner.receive(...given),
    renew: (...given) => inner.renew(...given),
    settle: (...given) => inner.settle(...given),
    classify: (error) => inner.classify(error),
    close: () => inner.close(),
    ...optionalVerbs(inner),
    ...parts,
  };
}

function optionalVerbs(inner: Backend): Pick<Backend, "move" | "depth" | "browse" | "purge" | "remove"> {
  return {
    ...(inner.move && { move: inner.move.bind(inner) }),
    ...(inner.depth && { depth: inner.depth.bind(inner) }),
    ...(inner.browse && { browse: inner.browse.bind(inner) }),
    ...(inner.purge && { purge: inner.purge.bind(inner) }),
    ...(inner.remove && { remove: inner.remove.bind(inner) }),
  };
}
