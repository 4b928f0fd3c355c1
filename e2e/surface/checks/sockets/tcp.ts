import type { MQTT } from "@rivulet/component";

import { equal, event, ok, pass, textOf, throwsCode, until, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Peer } from "../../lab-calls.ts";
import { connectTo } from "./connecting.ts";

/** Connects with settings to a server that does not answer messages. */
async function connected(
  { mqtt: create, lab }: Stage,
  ...settings: readonly string[]
): Promise<{ readonly mqtt: MQTT; readonly peer: Peer }> {
  const mqtt = create();
  for (const setting of settings) mqtt.config(setting);
  const peer = await lab.openPeer();
  await connectTo(mqtt, peer);
  return { mqtt, peer };
}

/** How long the kernel has until it probes a connection, in ms; undefined: it does not. */
async function probeMs({ lab }: Stage, { port }: Peer): Promise<number | undefined> {
  let timers = await lab.timers(port);
  // One that waits for an acknowledgement comes first.
  await until(async () => {
    timers = await lab.timers(port);
    return timers.every(({ kind }) => kind !== 1);
  });
  return timers.find(({ kind }) => kind === 2)?.whenMs;
}

const keepAlive: readonly SurfaceCheck[] = [
  {
    rows: ["config TCPClient/KeepAliveTime", "config TCPClient/TCPKeepAlive"],
    title: "KeepAliveTime: the kernel is to probe the connection after that time, without anything else being set",
    run: async (stage) => {
      const { mqtt, peer } = await connected(stage, "KeepAliveTime=90000");
      const whenMs = (await probeMs(stage, peer)) ?? 0;
      ok(whenMs > 60_000 && whenMs <= 90_000, `The kernel's timer is at ${whenMs} ms`);
      equal(mqtt.config("TCPKeepAlive"), "True", "TCPKeepAlive");
    },
  },
  {
    rows: ["config TCPClient/TCPKeepAlive"],
    title: "TCPKeepAlive: the kernel is to probe the connection after the system's time",
    run: async (stage) => {
      const { peer } = await connected(stage, "TCPKeepAlive=True");
      const file = await stage.lab.readFile("/proc/sys/net/ipv4/tcp_keepalive_time");
      const systemMs = Number(textOf(file ?? new Uint8Array())) * 1000;
      const whenMs = (await probeMs(stage, peer)) ?? 0;
      ok(whenMs > systemMs / 2 && whenMs <= systemMs, `The kernel's timer is at ${whenMs} ms instead of ${systemMs}`);
    },
  },
  {
    rows: ["config TCPClient/TCPKeepAlive"],
    title: "TCPKeepAlive: switched off, the kernel does not probe the connection",
    run: async (stage) => {
      const { peer } = await connected(stage, "TCPKeepAlive=True", "TCPKeepAlive=False");
      equal(await probeMs(stage, peer), undefined, "The kernel's timer");
    },
  },
  {
    rows: ["config TCPClient/KeepAliveInterval"],
    title: "KeepAliveInterval: no platform lets it be set, which is 10042",
    run: async ({ mqtt: create }) => {
      await throwsCode(10042, () => create().config("KeepAliveInterval=500"));
    },
  },
];

/** More than systems buffer of a connection. */
const flood = new Uint8Array(16 * 1024 * 1024);

/** Ends a connection at once while the server takes nothing of what was published; tells how much it gets all the same. */
async function deliveredAtEnd(stage: Stage, setting: string): Promise<number> {
  const { mqtt, peer } = await connected(stage, setting);
  await peer.pause();
  mqtt.publishData("flood", 0, flood).catch(() => undefined); // It is interrupted.
  await pass(200); // The systems' buffers are full by then.
  mqtt.interrupt();
  await pass(1500);
  await peer.resume();
  await peer.ended();
  return peer.count();
}

const linger: readonly SurfaceCheck[] = [
  {
    rows: ["config TCPClient/Linger"],
    title: "Linger: by default the server sees an orderly end, and without it a reset",
    run: async (stage) => {
      const orderly = await connected(stage, "Linger=False", "Linger=True");
      orderly.mqtt.interrupt();
      equal(await orderly.peer.ended(), "end", "The end with Linger");
      const { mqtt, peer } = await connected(stage, "Linger=False");
      mqtt.interrupt();
      equal(await peer.ended(), "reset", "The end without Linger");
    },
  },
  {
    rows: ["config TCPClient/LingerTime"],
    title: "LingerTime: what a server takes within that time is still delivered, and no more",
    run: async (stage) => {
      const [short, long] = await Promise.all([
        deliveredAtEnd(stage, "LingerTime=1"),
        deliveredAtEnd(stage, "LingerTime=80"),
      ]);
      ok(long > flood.length, `With a long time, ${long} bytes of ${flood.length} were delivered`);
      ok(short < flood.length, `With a short time, ${short} bytes of ${flood.length} were delivered`);
    },
  },
];

const rate: readonly SurfaceCheck[] = [
  {
    rows: ["config TCPClient/MaxTransferRate"],
    title: "MaxTransferRate: the server gets no more bytes a second, and sends as many as it likes",
    run: async (stage) => {
      const { mqtt, peer } = await connected(stage, "MaxTransferRate=20000");
      const messageIn = event(mqtt, "messageIn");
      // With the limit it would take longer than a check may take.
      await peer.send({ type: "publish", topicName: "in", qos: 0, payload: new Uint8Array(4_000_000) });
      equal((await messageIn).message.length, 4_000_000, "The length of the message");
      const startedAt = performance.now();
      await mqtt.publishData("out", 0, new Uint8Array(30_000));
      await until(async () => (await peer.count()) > 30_000);
      const takenMs = performance.now() - startedAt;
      ok(takenMs > 1200 && takenMs < 15_000, `30,000 bytes at 20,000 a second took ${takenMs} ms`);
    },
  },
  {
    rows: ["config TCPClient/TcpNoDelay"],
    title: "TcpNoDelay: what is sent in two turns leaves in two segments, or waits until the first is acknowledged",
    isAlone: true,
    run: async (stage) => {
      const found: string[] = [];
      // On a machine that is busy, bytes of both are read late: then once more.
      while (found.length < 5) {
        const without = await medianGapMs(stage, "TcpNoDelay=True");
        const withDelay = await medianGapMs(stage, "TcpNoDelay=False");
        if (withDelay > without + 20) return;
        found.push(`${withDelay} ms with the delay, ${without} ms without`);
      }
      throw new Error(found.join("; "));
    },
  },
];

/** Bytes of the PUBLISH packets of a pair: the second one is found by its length. */
const pairBytes = { first: 2 + 6 + 10, second: 2 + 6 + 99 };

/** How long after the first of two messages the second gets to the server. */
async function medianGapMs(stage: Stage, setting: string): Promise<number> {
  const mqtt = stage.mqtt();
  mqtt.config(setting);
  const peer = await stage.lab.openPeer({ answers: ["publish"] });
  await connectTo(mqtt, peer);
  for (let pair = 0; pair < 16; pair++) {
    // Where one answers the other, kernels acknowledge late, to do so with the answer.
    const acknowledged = event(mqtt, "messageAck");
    await mqtt.publishMessage("pair", 1, "before");
    await acknowledged;
    await mqtt.publishData("pair", 0, new Uint8Array(10));
    await mqtt.doEvents();
    await mqtt.publishData("pair", 0, new Uint8Array(99));
    await pass(45); // The other end has acknowledged by then that it got the first.
  }
  const chunks = await peer.chunks();
  const gaps = chunks.flatMap(({ atMs, length }, index) => {
    if (length === pairBytes.first + pairBytes.second) return [0];
    return length === pairBytes.second ? [atMs - (chunks[index - 1]?.atMs ?? atMs)] : [];
  });
  return gaps.sort((one, other) => one - other)[gaps.length >> 1] ?? Number.NaN;
}

const mebibyte = 1024 * 1024;

/** PUBREL packets: to each a client has an answer, and all of them are more than it lets wait to be sent. */
const releases = "62020001".repeat(600_000);

/** How many bytes wait to be sent when they are no fewer after a while. */
async function unsentAtRest(peer: Peer): Promise<number> {
  let unsent = await peer.unsent();
  for (let turn = 0; turn < 30 && unsent > 0; turn++) {
    await pass(10);
    const now = await peer.unsent();
    if (now !== unsent) turn = 0;
    unsent = now;
  }
  return unsent;
}

/** How many bytes a client takes that reads no more, since its answers cannot be sent. */
async function takenUnread(stage: Stage, setting: string): Promise<number> {
  const { mqtt, peer } = await connected(stage, setting, "MaxTransferRate=1000");
  await peer.sendHex(releases);
  await until(async () => (await peer.count()) > 500);
  // In digits, which is quicker: PUBLISH, a mebibyte with the topic "in".
  const message = `308080400002696e${"00".repeat(mebibyte - 4)}`;
  let sent = 0;
  let unsent = 0;
  while (unsent === 0 && sent < 24) {
    await peer.sendHex(message);
    sent += 1;
    unsent = await unsentAtRest(peer);
  }
  mqtt.interrupt();
  return sent * mebibyte - unsent;
}

/** How many bytes can be published before it is said that another message has to wait. */
async function publishedUnsent(stage: Stage, setting: string): Promise<number> {
  const { mqtt } = await connected(stage, setting, "MaxTransferRate=1000");
  mqtt.timeout = 0;
  const payload = new Uint8Array(100_000);
  for (let bytes = payload.length; bytes < 64 * mebibyte; bytes += payload.length) {
    const ready = event(mqtt, "readyToSend");
    try {
      await mqtt.publishData("out", 0, payload);
    } catch (error) {
      equal((error as { readonly code?: number }).code, 135, "The code");
      // It is sent all the same: the buffer is full when no more of it is taken for a while.
      if (await Promise.race([ready.then(() => false), pass(500).then(() => true)])) {
        mqtt.interrupt();
        return bytes;
      }
    }
    await mqtt.doEvents();
  }
  return Infinity;
}

const buffers: readonly SurfaceCheck[] = [
  {
    rows: ["config Socket/InBufferSize"],
    title: "InBufferSize: a client that reads no more, since its answers cannot be sent, takes so much more",
    isAlone: true, // It keeps the runtime busy.
    run: async (stage) => {
      const small = await takenUnread(stage, "InBufferSize=1024");
      const large = await takenUnread(stage, `InBufferSize=${4 * mebibyte}`);
      ok(large - small > 3 * mebibyte, `${large} bytes with a large buffer, ${small} with a small one`);
    },
  },
  {
    rows: ["config Socket/OutBufferSize", "error TCPClient/135"],
    title: "OutBufferSize: so much more can be published before 135 says that a message has to wait",
    run: async (stage) => {
      const large = await publishedUnsent(stage, `OutBufferSize=${4 * mebibyte}`);
      const small = await publishedUnsent(stage, "OutBufferSize=1024");
      ok(large - small > 2 * mebibyte, `${large} bytes with a large buffer, ${small} with a small one`);
      ok(large < 16 * mebibyte, `${large} bytes with a large buffer`);
    },
  },
  {
    rows: ["config TCPClient/MaxLineLength", "error TCPClient/112"],
    title: "MaxLineLength: fixed while there is a connection, which is 112, and no less than 256; MQTT has no lines",
    run: async ({ mqtt: create, lab }) => {
      const mqtt = create();
      await throwsCode(10022, () => mqtt.config("MaxLineLength=255"));
      mqtt.config("MaxLineLength=256");
      const peer = await lab.openPeer();
      await connectTo(mqtt, peer);
      await throwsCode(112, () => mqtt.config("MaxLineLength=512"));
      const messageIn = event(mqtt, "messageIn");
      await peer.send({ type: "publish", topicName: "long", qos: 0, payload: new Uint8Array(5000) });
      equal((await messageIn).message.length, 5000, "The length of a message without a line");
    },
  },
];

export const checks: readonly SurfaceCheck[] = [...keepAlive, ...linger, ...rate, ...buffers];
