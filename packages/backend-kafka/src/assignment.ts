import type { Assignments, Joined } from "./port.ts";

/** What one member gets, while it is being dealt out. */
interface Hand {
  readonly id: string;
  readonly shares: Map<string, number[]>;
  count: number;
}

/**
 * Deals partitions to the members of a group, each topic among those who want it: shares of a topic differ by one at most, the same for all topics taken
 * together as far as that allows, and each member keeps what it can. Pure, and the same whatever the order of the members.
 */
export function assignPartitions(members: Joined["members"], counts: ReadonlyMap<string, number>): Assignments {
  const hands = new Map<string, Hand>();
  for (const { id } of [...members].sort((one, other) => (one.id < other.id ? -1 : 1)))
    hands.set(id, { id, shares: new Map(), count: 0 });
  const owners = ownersOf(members);
  for (const topic of [...new Set(members.flatMap(({ claim }) => claim.topics))].sort()) {
    const wanting = new Set(members.filter(({ claim }) => claim.topics.includes(topic)).map(({ id }) => id));
    deal(
      topic,
      counts.get(topic) ?? 0,
      [...hands.values()].filter(({ id }) => wanting.has(id)),
      owners,
    );
  }
  return new Map([...hands].map(([id, { shares }]) => [id, shares]));
}

/** Who had each partition last: of two that claim it, the one of the later generation. */
function ownersOf(
  members: Joined["members"],
): ReadonlyMap<string, { readonly id: string; readonly generation: number }> {
  const owners = new Map<string, { id: string; generation: number }>();
  for (const { id, claim } of members) {
    for (const [topic, partitions] of claim.owned) {
      for (const partition of partitions) {
        const key = `${topic}/${partition}`;
        const before = owners.get(key);
        if (before === undefined || before.generation < claim.generation)
          owners.set(key, { id, generation: claim.generation });
      }
    }
  }
  return owners;
}

function deal(topic: string, partitions: number, hands: readonly Hand[], owners: ReturnType<typeof ownersOf>): void {
  const least = Math.floor(partitions / hands.length);
  /** So many members get one more than the least. */
  let more = partitions - least * hands.length;
  const byId = new Map(hands.map((hand) => [hand.id, hand]));
  const left: number[] = [];
  const sizes = new Map(hands.map((hand) => [hand, 0]));
  for (let partition = 0; partition < partitions; partition += 1) {
    const owner = byId.get(owners.get(`${topic}/${partition}`)?.id ?? "");
    const size = owner === undefined ? 0 : (sizes.get(owner) as number);
    if (owner === undefined || size > least || (size === least && more === 0)) left.push(partition);
    else {
      if (size === least) more -= 1;
      give(owner, topic, partition, sizes);
    }
  }
  for (const partition of left) {
    const poorest = hands.reduce((one, other) => (isPoorer(other, one, sizes) ? other : one));
    give(poorest, topic, partition, sizes);
  }
}

function isPoorer(one: Hand, other: Hand, sizes: ReadonlyMap<Hand, number>): boolean {
  const difference = (sizes.get(one) as number) - (sizes.get(other) as number);
  return difference === 0 ? one.count < other.count : difference < 0;
}

function give(hand: Hand, topic: string, partition: number, sizes: Map<Hand, number>): void {
  sizes.set(hand, (sizes.get(hand) as number) + 1);
  hand.count += 1;
  const share = hand.shares.get(topic);
  if (share === undefined) hand.shares.set(topic, [partition]);
  else share.push(partition);
}
