/** The measured page: one library from a script tag, one task. Whoever drives it looks at the clocks of the browser. */
import { connectMqttJs } from "../client/mqtt-js-subject.ts";
import { connectRivulet } from "../client/rivulet-subject.ts";
import { receiving, type Work } from "../client/receiving.ts";
import type { Payloads, Subject } from "../client/subject.ts";
import { burstSize, topics } from "../client/task.ts";
import type { BrowserAssignment, PageGlobals } from "./task.ts";

/** Messages between two looks at the clock. */
const batch = 12_800;
const payloadBytes = 64;

const globals = globalThis as unknown as PageGlobals;
let work: Work | undefined;

globals.prepare = async ({ library, url, protocolVersion, task }: BrowserAssignment) => {
  const connectSubject = library === "rivulet" ? connectRivulet : connectMqttJs;
  const subject = await connectSubject(url, protocolVersion);
  work =
    task.kind === "publish"
      ? publishing(subject, task.qos)
      : await receiving(subject, { qos: task.qos, payloadBytes, style: "handler" });
};

globals.runFor = async (wallMs) => {
  if (work === undefined) throw new Error("The page is not prepared");
  const begin = performance.now();
  for (let messages = batch; ; messages += batch) {
    await work(batch);
    const spentMs = performance.now() - begin;
    if (spentMs >= wallMs) return { messages, wallSeconds: spentMs / 1000 };
  }
};

function publishing(subject: Subject, qos: 0 | 1): Work {
  const payloads: Payloads = topics.map((_, index) => new Uint8Array(payloadBytes).fill(index));
  return (messages) =>
    qos === 0
      ? subject.publishBursts(payloads, messages, burstSize(payloadBytes))
      : subject.publishOutstanding(qos, payloads, messages);
}
