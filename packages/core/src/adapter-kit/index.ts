/**
 * What adapters of session brokers and of log brokers share, on the clock that `open` is given: a lease for each delivery, the deliveries themselves, one connection that is kept
 * alive, credit for a broker that pushes, a bell for one that is asked, a buffer for polls that cannot be called back, the books of a log's partition, what was
 * found out of queues that come and go, and the checks of options. What decides is pure; what needs time is told its clock.
 */

export { checkBackend } from "../backend-check.ts";
export { checkName } from "../names.ts";
export { checkKind, checkKnown, checkWhole } from "../option-checks.ts";
export { Bell, type BellPort } from "./bell.ts";
export { CommitTimer, type CommitTimerPort } from "./commit-timer.ts";
export { CreditBuffer, type CreditBufferPort } from "./credit-buffer.ts";
export { GrantedFrame } from "./granted-frame.ts";
export { LeaseEnds } from "./lease-ends.ts";
export { Ledger, type LedgerOptions, WINDOW_OFFSETS } from "./ledger.ts";
export { decodeNote, encodeNote, lostAtTakeOver, NOTE_CHARACTERS, type PartitionNote } from "./partition-note.ts";
export { PollBuffer, type PollBufferPort } from "./poll-buffer.ts";
export { RecentMap } from "./recent-map.ts";
export { Reconnector, type ReconnectorPort, reconnectMs } from "./reconnector.ts";
export { SessionLeases, type SessionLeasesPort } from "./session-leases.ts";
