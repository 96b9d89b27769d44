import { describe, expect, it } from "vitest";
import type { Frame } from "../contract/index.ts";
import { decodeFrame, isBad } from "./frame.ts";
import { bodyOf } from "./testing.ts";

// Frames as they have been written since version 1 of the frame. They lie in brokers: they must be read for ever. Never change one; add more.
const golden = Object.freeze({
  task:
    "d710100009000000000000abcdef012345678900000011000100004c0106018bcfe56800020d636f6f7264696e61746f722d31050874" +
    "656e616e742f37100672656e64657211086f726465722031371206018bcfe65260130f7b227472616365223a22616263227d5b7b2266" +
    "696c65223a22c3bc2e737667222c227061676573223a5b312c325d7d5d",
  /** Made when packs came: indexes that follow each other, common fields once. */
  pack:
    "d710100009000000000000abcdef01234567890000001100030000290106018bcfe56800020d636f6f7264696e61746f722d3105087465" +
    "6e616e742f37100672656e6465725b7b226e223a317d2c6e756c6c2c22c3bc225d",
  /** Indexes that do not follow each other, and what the tasks have of their own. */
  packOfOwn:
    "d710100009000000000000abcdef01234567890000001100020000620106018bcfe56800020d636f6f7264696e61746f722d3105087465" +
    "6e616e742f37100672656e646572910000086f7264657220313792000006018bcfe652609300010f7b227472616365223a22616263227d" +
    "940000040000001194000104000000145b312c5b325d5d",
  small: "d710100005000000000000abcdef01234567890000001100010000080106018bcfe568005b6e756c6c5d",
  retry:
    "d710100009010002000301abcdef012345678900000011000100004c0106018bcfe56800020d636f6f7264696e61746f722d31050874" +
    "656e616e742f37100672656e64657211086f726465722031371206018bcfe65260130f7b227472616365223a22616263227d5b7b2266" +
    "696c65223a22c3bc2e737667222c227061676573223a5b312c325d7d5d",
  probe: "d710100005000000000000abcdef01234567890000000300000000170106018bcfe56800020d636f6f7264696e61746f722d315b5d",
  result:
    "d71110000a00000000000000000000000000000000000000000000080106018bcfe56be87b22776f726b6572223a22776f726b65722d" +
    "31222c22726573756c7473223a5b7b2272756e223a227138337641534e465a346b222c22696e646578223a31372c226f7574636f6d65" +
    "223a22636f6d706c65746564222c22726f756e64223a302c22617474656d707473223a312c22636f7079223a302c226c6f7374223a31" +
    "2c226475726174696f6e4d73223a31322e352c2276616c7565223a7b227061676573223a327d7d2c7b2272756e223a22713833764153" +
    "4e465a346b222c22696e646578223a31372c226f7574636f6d65223a2264656164222c22726f756e64223a302c22617474656d707473" +
    "223a322c22636f7079223a302c226c6f7374223a302c226475726174696f6e4d73223a312c226572726f72223a7b226e616d65223a22" +
    "547970654572726f72222c226d657373616765223a226e6f222c22636f6465223a2252454a4543544544222c226361757365223a2245" +
    "5f4f574e227d7d5d2c2270726f626573223a5b7b2272756e223a227138337641534e465a346b222c2273657175656e6365223a337d5d" +
    "7d",
  beat:
    "d71210000a00000000000000000000000000000000000000000000080106018bcfe56fd07b22776f726b6572223a22776f726b65722d" +
    "31222c22736c6f7473223a31302c2262757379223a312c2268656c64223a5b5b227138337641534e465a346b222c31375d5d2c227265" +
    "7472696573223a5b5b227138337641534e465a346b222c31382c313530305d5d2c2270726f6772657373223a5b5b227138337641534e" +
    "465a346b222c31372c7b22646f6e65223a302e357d5d5d7d",
  dead:
    "d710100009000005000102abcdef012345678900000011000100013f0106018bcfe56800020d636f6f7264696e61746f722d3103056d" +
    "61696c7304066e6f726d616c050874656e616e742f3706e27b22726561736f6e223a22415454454d5054535f45584841555354454422" +
    "2c226572726f72223a7b226e616d65223a22547970654572726f72222c226d657373616765223a226e6f222c22636f6465223a224154" +
    "54454d5054535f455848415553544544222c226361757365223a22455f4f574e222c22737461636b223a22547970654572726f723a20" +
    "6e6f5c6e2020202061742078227d2c22617474656d707473223a352c226c6f7374223a322c22666972737453656e744174223a313730" +
    "303030303030303030302c22646965644174223a313730303030303130303030307d100672656e64657211086f726465722031371206" +
    "018bcfe65260130f7b227472616365223a22616263227d5b7b2266696c65223a22c3bc2e737667222c227061676573223a5b312c325d" +
    "7d5d",
});

const RUN = "q83vASNFZ4k";

function read(name: keyof typeof golden) {
  const frame = decodeFrame(Buffer.from(golden[name], "hex"), "read from", "here");
  if (isBad(frame)) throw new Error(frame.detail);
  return { ...fieldsOf(frame), body: bodyOf(frame) };
}

function fieldsOf(frame: Frame) {
  const { type, priority, name, lost, count, coordinator, queue, lane, key, firstSentAt, death, codecs } = frame;
  const tasks = JSON.parse(JSON.stringify(frame.tasks)) as unknown;
  return { type, priority, name, lost, count, coordinator, queue, lane, key, firstSentAt, death, codecs, tasks };
}

const nothing = {
  coordinator: undefined,
  queue: "read from",
  lane: "here",
  key: undefined,
  death: undefined,
  codecs: [1],
};
const task = {
  ...nothing,
  type: "task",
  priority: 9,
  name: `${RUN}/17#0.0~0`,
  lost: 0,
  count: 1,
  coordinator: "coordinator-1",
  key: "tenant/7",
  firstSentAt: 1_700_000_000_000,
  tasks: [{ task: "render", id: "order 17", deadlineAt: 1_700_000_060_000, headers: { trace: "abc" } }],
  body: { value: [{ file: "ü.svg", pages: [1, 2] }] },
};
const message = { ...nothing, priority: 10, name: "AAAAAAAAAAA/0#0.0~0", lost: 0, count: 0, tasks: [] };

describe("golden frames decode for ever", () => {
  it("a task with everything", () => {
    expect(read("task")).toEqual(task);
  });

  it("a task with nothing of its own", () => {
    const own = { ...nothing, priority: 5, tasks: [{ task: "default" }], body: { value: [null] } };
    expect(read("small")).toEqual({ ...task, ...own });
  });

  it("a pack of what has nothing of its own", () => {
    const tasks = [{ task: "render" }, { task: "render" }, { task: "render" }];
    const own = { name: `${RUN}/17+3#0.0~0`, count: 3, tasks, body: { value: [{ n: 1 }, null, "ü"] } };
    expect(read("pack")).toEqual({ ...task, ...own });
  });

  it("a pack whose tasks have indexes, ids, deadlines and headers of their own", () => {
    const tasks = [
      { task: "render", index: 17, id: "order 17", deadlineAt: 1_700_000_060_000 },
      { task: "render", index: 20, headers: { trace: "abc" } },
    ];
    const own = { name: `${RUN}/17+2#0.0~0`, count: 2, tasks, body: { value: [1, [2]] } };
    expect(read("packOfOwn")).toEqual({ ...task, ...own });
  });

  it("a copy", () => {
    expect(read("retry")).toEqual({ ...task, name: `${RUN}/17#1.2~3`, lost: 1 });
  });

  it("a probe", () => {
    const own = { coordinator: "coordinator-1", priority: 5, name: `${RUN}/3#0.0~0`, firstSentAt: 1_700_000_000_000 };
    expect(read("probe")).toEqual({ ...message, ...own, type: "task", body: { value: [] } });
  });

  it("results", () => {
    const of = { run: RUN, index: 17, round: 0, copy: 0 };
    const error = { name: "TypeError", message: "no", code: "REJECTED", cause: "E_OWN" };
    const results = [
      { ...of, outcome: "completed", attempts: 1, lost: 1, durationMs: 12.5, value: { pages: 2 } },
      { ...of, outcome: "dead", attempts: 2, lost: 0, durationMs: 1, error },
    ];
    const body = { value: { worker: "worker-1", results, probes: [{ run: RUN, sequence: 3 }] } };
    expect(read("result")).toEqual({ ...message, type: "result", firstSentAt: 1_700_000_001_000, body });
  });

  it("a beat", () => {
    const held = [[RUN, 17]];
    const retries = [[RUN, 18, 1_500]];
    const progress = [[RUN, 17, { done: 0.5 }]];
    const body = { value: { worker: "worker-1", slots: 10, busy: 1, held, retries, progress } };
    expect(read("beat")).toEqual({ ...message, type: "beat", firstSentAt: 1_700_000_002_000, body });
  });

  it("a dead letter", () => {
    const code = "ATTEMPTS_EXHAUSTED";
    const error = { name: "TypeError", message: "no", code, cause: "E_OWN", stack: "TypeError: no\n    at x" };
    const counts = { attempts: 5, lost: 2, firstSentAt: 1_700_000_000_000, diedAt: 1_700_000_100_000 };
    const death = { reason: code, error, ...counts };
    const own = { name: `${RUN}/17#0.5~1`, lost: 2, queue: "mails", lane: "normal", death };
    expect(read("dead")).toEqual({ ...task, ...own });
  });
});
