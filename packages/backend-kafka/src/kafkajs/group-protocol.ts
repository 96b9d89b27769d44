import kafkajs from "kafkajs";
import type { Claim, Share } from "../port.ts";

/** The name of the assignment: members that speak of another one cannot be in the same group. */
export const PROTOCOL = "dispatch-sticky";
const VERSION = 1;
const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/** What a member says of itself: the topics in the way of all clients, the rest beside it. */
export function encodeClaim({ topics, owned, generation }: Claim): Buffer {
  const userData = Buffer.from(JSON.stringify({ owned: Object.fromEntries(owned), generation }));
  return MemberMetadata.encode({ version: VERSION, topics: [...topics], userData });
}

export function decodeClaim(bytes: Buffer): Claim {
  const decoded = MemberMetadata.decode(bytes);
  const { owned = {}, generation = 0 } = readJson(decoded?.userData) as {
    owned?: Record<string, number[]>;
    generation?: number;
  };
  return { topics: decoded?.topics ?? [], owned: new Map(Object.entries(owned)), generation };
}

/** What a member is given, and the ids of members that it is told of: earlier versions told of all. */
export function encodeShare(share: Share, members: Iterable<string> = []): Buffer {
  const assignment = Object.fromEntries([...share].map(([topic, partitions]) => [topic, [...partitions]]));
  return MemberAssignment.encode({
    version: VERSION,
    assignment,
    userData: Buffer.from(JSON.stringify({ members: [...members] })),
  });
}

export function decodeShare(bytes: Buffer): { readonly share: Share; readonly members: ReadonlySet<string> } {
  const decoded = MemberAssignment.decode(bytes);
  const { members = [] } = readJson(decoded?.userData) as { members?: string[] };
  return { share: new Map(Object.entries(decoded?.assignment ?? {})), members: new Set(members) };
}

function readJson(bytes: Buffer | null | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? []).toString()) ?? {};
  } catch {
    return {};
  }
}
