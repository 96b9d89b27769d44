import type { Case } from "./case.ts";
import { blockedCases } from "./chaos/blocked.ts";
import { brokerCases } from "./chaos/broker.ts";
import { clockCases } from "./chaos/clock.ts";
import { connectionCases } from "./chaos/connection.ts";
import { killCases } from "./chaos/kill.ts";
import { processCases } from "./chaos/processes.ts";
import { zombieCases } from "./chaos/zombie.ts";
import { seamFactCases } from "./seam/facts.ts";
import { seamFaultCases } from "./seam/fault.ts";
import { seamLeaseCases } from "./seam/lease.ts";
import { seamLookCases } from "./seam/look.ts";
import { seamMoveCases } from "./seam/move.ts";
import { seamNameCases } from "./seam/names.ts";
import { seamOrderCases } from "./seam/order.ts";
import { seamProcessCases } from "./seam/process.ts";
import { seamReceiveCases } from "./seam/receive.ts";
import { seamSendCases } from "./seam/send.ts";
import { seamSettleCases } from "./seam/settle.ts";
import { mixedCases } from "./stress/mixed.ts";
import { claimCases } from "./system/claim-check.ts";
import { codecCases } from "./system/codec.ts";
import { coordinatorCases } from "./system/coordinator.ts";
import { copyCases } from "./system/copies.ts";
import { deadlineCases } from "./system/deadline.ts";
import { delayCases } from "./system/delay.ts";
import { delayFaultCases } from "./system/delays/faults.ts";
import { fortyDayCases } from "./system/delays/forty-days.ts";
import { forkCases } from "./system/fork.ts";
import { frameCases } from "./system/frames.ts";
import { lostCases } from "./system/lost.ts";
import { oneLaneCases } from "./system/one-lane.ts";
import { packCases } from "./system/pack.ts";
import { poisonCases } from "./system/poison.ts";
import { priorityCases } from "./system/priority.ts";
import { rebalanceCases } from "./system/rebalance.ts";
import { resendCases } from "./system/resend.ts";
import { restartCases } from "./system/restart.ts";
import { resultCases } from "./system/result.ts";
import { retryCases } from "./system/retry.ts";
import { runCases } from "./system/run.ts";
import { stopCases } from "./system/stop.ts";

/** Every case there is, in the order in which they are worth running. */
export const cases: readonly Case[] = [
  ...seamSendCases,
  ...seamReceiveCases,
  ...seamNameCases,
  ...seamLeaseCases,
  ...seamProcessCases,
  ...seamSettleCases,
  ...seamOrderCases,
  ...seamFactCases,
  ...seamMoveCases,
  ...seamLookCases,
  ...seamFaultCases,
  ...retryCases,
  ...copyCases,
  ...forkCases,
  ...lostCases,
  ...poisonCases,
  ...packCases,
  ...rebalanceCases,
  ...deadlineCases,
  ...resultCases,
  ...coordinatorCases,
  ...runCases,
  ...resendCases,
  ...stopCases,
  ...codecCases,
  ...frameCases,
  ...claimCases,
  ...delayCases,
  ...fortyDayCases,
  ...delayFaultCases,
  ...restartCases,
  ...priorityCases,
  ...oneLaneCases,
  ...zombieCases,
  ...blockedCases,
  ...brokerCases,
  ...connectionCases,
  ...clockCases,
  ...killCases,
  ...processCases,
  ...mixedCases,
];
