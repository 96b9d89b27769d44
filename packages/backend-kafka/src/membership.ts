import type { Place, Share, Standing } from "./port.ts";

/** What comes of a membership, to whoever reads and commits. Times on the clock, in ms. */
export interface Holder {
  /** May something be handed out? Not between `revoking` and `assigned`, nor since a commit was refused. */
  readonly isStable: boolean;
  /** What this process has of an earlier generation and would keep. */
  owned(): Share;
  /** The membership is about to change: what is to be written under the old one is written now, and nothing is handed out until `assigned`. */
  revoking(topics: ReadonlySet<string>): Promise<void>;
  /** It asks for new ones, on the link: what is written until `assigned` is written elsewhere, under the old membership, and refused as soon as all have joined. */
  joining(): void;
  /** The partitions from now on. `members`: who is in the group, at least of those that have marked any of them; `own`: the ids that this process had in it. */
  assigned(
    as: Standing | "nobody",
    places: readonly Place[],
    group: { readonly members: ReadonlySet<string>; readonly own: ReadonlySet<string> },
  ): Promise<void>;
  /** It is no member any more, and what it has is others'. */
  lost(): void;
  /** There is no broker that answers, for now. */
  failed(error: unknown): void;
}

/** How a process comes to its partitions. */
export interface Membership {
  /** Changes what it reads; nothing: it leaves. */
  subscribe(topics: ReadonlySet<string>): void;
  /** Something was refused: is it still a member? */
  doubt(): void;
  /** Answers whether what it has is its own still, asking the broker where nothing was heard of it for too long. Throws where nobody answers. */
  proven(): boolean | Promise<boolean>;
  /** An orderly end: `revoking` with no topics, then it leaves. */
  end(): Promise<void>;
}
