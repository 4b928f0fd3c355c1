/**
 * A measured process: one library, one task. It reports `ready` when it is warm, begins when its parent says anything, and
 * reports what came of it. CPU time is that of the whole process, garbage collection included.
 */
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { receiving, type Work } from "./receiving.ts";
import type { ConnectSubject, Payloads, Subject } from "./subject.ts";
import {
  burstSize,
  idleClients,
  stalledMessages,
  stalledPayloadBytes,
  stallTopic,
  topics,
  type Assignment,
  type LibraryName,
  type Report,
} from "./task.ts";

/** Loaded one by one: the memory of the others must not be in the figures. */
const libraries: Record<LibraryName, () => Promise<ConnectSubject>> = {
  rivulet: async () => (await import("./rivulet-subject.ts")).connectRivulet,
  component: async () => (await import("./component-subject.ts")).connectComponent,
  "mqtt.js": async () => (await import("./mqtt-js-subject.ts")).connectMqttJs,
};

/** Messages between two looks at the clock. */
const smallBatch = 12_800;
const largeBatch = 512;

const minimumRoundTrips = 20;

const assignment = JSON.parse(process.argv[2] ?? "") as Assignment;
const { url, protocolVersion, cpuSeconds, task } = assignment;
const connectSubject = await libraries[assignment.library]();
await measure();
process.exit();

async function measure(): Promise<void> {
  const subject = await connectSubject(url, protocolVersion);
  switch (task.kind) {
    case "publish": {
      const payloads = payloadsOf(task.payloadBytes);
      const { qos, style } = task;
      await reportThroughput(task.payloadBytes, (messages) => {
        if (style === "bursts") return subject.publishBursts(payloads, messages, burstSize(task.payloadBytes));
        if (style === "awaited") return subject.publishAwaited(qos, payloads, messages);
        return subject.publishOutstanding(qos, payloads, messages);
      });
      break;
    }
    case "receive":
      await reportThroughput(task.payloadBytes, await receiving(subject, task));
      break;
    case "round-trip":
      await reportLatency(subject);
      break;
    case "idle":
      await reportIdle();
      break;
    case "stalled":
      await reportStalled(subject);
      break;
  }
}

async function reportThroughput(payloadBytes: number, work: Work): Promise<void> {
  const batch = payloadBytes > 1000 ? largeBatch : smallBatch;
  await runFor(cpuSeconds, batch, work);
  await ready();
  const begin = performance.now();
  const { messages, spent } = await runFor(cpuSeconds, batch, work);
  await send({
    type: "throughput",
    messages,
    cpuSeconds: spent,
    wallSeconds: (performance.now() - begin) / 1000,
  });
}

async function runFor(seconds: number, batch: number, work: Work): Promise<{ messages: number; spent: number }> {
  const before = process.cpuUsage();
  for (let messages = batch; ; messages += batch) {
    await work(batch);
    const { user, system } = process.cpuUsage(before);
    const spent = (user + system) / 1e6;
    if (spent >= seconds) return { messages, spent };
  }
}

/** A message to a topic of our own, at QoS 1, until it is back and acknowledged; then the next. */
async function reportLatency(subject: Subject): Promise<void> {
  const payloads = payloadsOf(64);
  let came: () => void;
  await subject.receive(1, "handler", () => came());
  const roundTrips = async (seconds: number): Promise<number[]> => {
    const times: number[] = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end || times.length < minimumRoundTrips) {
      const back = new Promise<void>((resolve) => {
        came = resolve;
      });
      const begin = performance.now();
      await Promise.all([subject.publishAwaited(1, payloads, 1), back]);
      times.push(performance.now() - begin);
    }
    return times;
  };
  await roundTrips(cpuSeconds);
  await ready();
  await send({ type: "latency", millisecondsEach: await roundTrips(2 * cpuSeconds) });
}

async function reportIdle(): Promise<void> {
  // The code that connecting compiles is not a client's memory.
  const earlier = await connectMany(100);
  await ready();
  const before = await memory();
  const clients = await connectMany(idleClients);
  const after = await memory();
  await send({
    type: "idle",
    heapBytes: (after.heapUsed - before.heapUsed) / clients.length,
    otherBytes: (after.external - before.external) / clients.length,
    residentBytes: (after.rss - before.rss) / clients.length,
  });
  earlier.length = 0; // Until here they were alive, and so counted in neither.
}

/** Fifty at a time. */
async function connectMany(count: number): Promise<Subject[]> {
  const clients: Subject[] = [];
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: 50 }, () => connectSubject(url, protocolVersion)))));
  }
  return clients;
}

async function reportStalled(subject: Subject): Promise<void> {
  await subject.command(stallTopic, "");
  await ready();
  const before = await memory();
  let number = 0;
  const rejected = await subject.publishForgotten(stalledMessages, () =>
    new Uint8Array(stalledPayloadBytes).fill(number++ % topics.length),
  );
  const { bufferedBytes, readyToSend } = subject;
  const after = await memory();
  await send({ type: "stalled", bufferedBytes, residentBytes: after.rss - before.rss, rejected, readyToSend });
}

function payloadsOf(bytes: number): Payloads {
  return topics.map((_, index) => new Uint8Array(bytes).fill(index));
}

/** After everything that nobody holds is gone. */
async function memory(): Promise<NodeJS.MemoryUsage> {
  for (let count = 0; count < 3; count++) {
    globalThis.gc?.();
    await setImmediate();
  }
  return process.memoryUsage();
}

async function ready(): Promise<void> {
  const go = once(process, "message");
  await send({ type: "ready" });
  await go;
}

function send(report: Report): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(report, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
