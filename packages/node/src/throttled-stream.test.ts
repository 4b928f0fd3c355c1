import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";
import { patternBytes, readPattern } from "../../engine/testing/pattern.ts";
import { startTcpPeer } from "../testing/tcp-peer.ts";
import { tcp } from "./mod.ts";
import { ThrottledStream } from "./throttled-stream.ts";

const rate = 10_000;
const slice = 500;

let server: Server;
let socket: Socket;
let side: Socket;
let stream: ThrottledStream;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepting = once(server, "connection") as Promise<[Socket]>;
  socket = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  [side] = await accepting;
  side.on("error", () => undefined);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  stream = new ThrottledStream(socket, { send: rate, receive: rate });
  stream.on("error", () => undefined);
});

afterEach(() => {
  vi.useRealTimers();
  stream.destroy();
  side.destroy();
  server.close();
});

/** Waits by the turns of the event loop: `vi.waitFor` would move the clock. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets a slice's time pass, as soon as something waits for it. */
async function passTime(): Promise<void> {
  await until(() => vi.getTimerCount() > 0);
  vi.advanceTimersToNextTimer();
}

/** How much has come in so far, and the time by the clock when it came. */
function count(readable: NodeJS.ReadableStream): { bytes: number; readonly times: number[]; readonly sizes: number[] } {
  const counted = { bytes: 0, times: [] as number[], sizes: [] as number[] };
  readable.on("data", (chunk: Uint8Array) => {
    counted.bytes += chunk.length;
    counted.times.push(performance.now());
    counted.sizes.push(chunk.length);
  });
  return counted;
}

describe("a limit to the rate", () => {
  it("lets the server see so many bytes a second, slice by slice", async () => {
    const startedAt = performance.now();
    const seen = count(side);
    const written = new Promise((resolve) => stream.write(patternBytes(0, rate), resolve));
    // One slice in advance, and the one whose turn it is.
    for (let expected = 2 * slice; expected <= rate; expected += slice) {
      await until(() => seen.bytes >= expected);
      expect(seen.bytes).toBe(expected);
      if (expected < rate) await passTime();
    }
    await written;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(900);
    expect(performance.now() - startedAt).toBeLessThanOrEqual(1000);
  });

  it("makes the server wait, and its bytes come slice by slice", async () => {
    const startedAt = performance.now();
    const seen = count(stream);
    side.write(patternBytes(0, rate));
    await until(() => socket.readableLength === rate - 2 * slice);
    while (seen.bytes < rate) await passTime();
    expect(seen.sizes).toEqual(Array.from({ length: rate / slice }, () => slice));
    expect(seen.times.map((time) => Math.round((time - startedAt) / 50))).toEqual([
      0,
      ...Array.from({ length: rate / slice - 1 }, (_, index) => index),
    ]);
  });

  it("limits each way by itself", async () => {
    const seen = [count(stream), count(side)];
    side.write(patternBytes(0, slice * 2));
    stream.write(patternBytes(0, slice * 2));
    await until(() => seen.every(({ bytes }) => bytes === slice * 2));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("holds no more than its buffers when nobody reads", async () => {
    const total = 8 * 1024 * 1024;
    side.write(new Uint8Array(total));
    await until(() => socket.readableLength >= socket.readableHighWaterMark);
    expect(socket.bytesRead).toBeLessThan(total);
  });

  it("writes text as it is encoded", async () => {
    stream.write("é", "latin1");
    expect((await once(side, "data"))[0]).toEqual(Buffer.from([0xe9]));
  });

  it("ends each way by itself, after all that was written", async () => {
    const seen = count(side);
    const ended = once(side, "end");
    stream.end(patternBytes(0, slice * 3));
    await passTime();
    await ended;
    expect(seen.bytes).toBe(slice * 3);
    const ours = count(stream);
    side.end(patternBytes(0, slice * 3));
    await passTime();
    await once(stream, "close");
    expect(ours.bytes).toBe(slice * 3);
    expect(stream.errored).toBe(null);
  });

  it("leaves no timer when it is destroyed, and no socket", async () => {
    stream.resume();
    side.write(patternBytes(0, slice * 5));
    stream.write(patternBytes(0, slice * 5));
    await until(() => vi.getTimerCount() === 2);
    stream.destroy();
    expect(vi.getTimerCount()).toBe(0);
    await once(stream, "close");
    expect(socket.closed).toBe(true);
  });

  it("hands on the error of the socket", async () => {
    const failed = new Promise((resolve) => stream.on("error", resolve));
    stream.resume();
    side.resetAndDestroy();
    expect(await failed).toMatchObject({ code: "ECONNRESET" });
  });

  it("is over when the socket is gone without a word", async () => {
    const closed = once(stream, "close");
    socket.destroy();
    await closed;
    expect(stream.destroyed).toBe(true);
  });
});

describe("socket.maxTransferRate", () => {
  let peer: Peer;
  let connection: PeerConnection;

  afterEach(() => peer.close());

  it("limits what a transport sends and reads", async () => {
    peer = await startTcpPeer();
    const accepting = peer.accept();
    const { signal } = new AbortController();
    const context = { signal, report: () => undefined, verify: () => false };
    const duplex = await tcp.open(peer.target, { socket: { maxTransferRate: rate } }, context);
    connection = await accepting;
    const startedAt = performance.now();
    let isOver = false;
    const all = Promise.all([
      duplex.writable.getWriter().write(patternBytes(0, slice * 4)),
      connection.receivePattern(slice * 4),
      connection.sendPattern(slice * 10, slice),
      readPattern(duplex, slice * 10, assert),
    ]).finally(() => {
      isOver = true;
    });
    for (;;) {
      await until(() => isOver || vi.getTimerCount() > 0);
      if (isOver) break;
      vi.advanceTimersToNextTimer();
    }
    await all;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(400);
    duplex.abort();
  });

  it.each(["send", "receive"] as const)("may be for what it %ss only", async (limited) => {
    peer = await startTcpPeer();
    const accepting = peer.accept();
    const { signal } = new AbortController();
    const context = { signal, report: () => undefined, verify: () => false };
    const duplex = await tcp.open(peer.target, { socket: { maxTransferRate: { [limited]: rate } } }, context);
    connection = await accepting;
    const startedAt = performance.now();
    const sending = Promise.all([
      duplex.writable.getWriter().write(patternBytes(0, slice * 4)),
      connection.receivePattern(slice * 4),
    ]);
    const receiving = Promise.all([connection.sendPattern(slice * 4, slice), readPattern(duplex, slice * 4, assert)]);
    // The clock stands still: what is not limited gets through all the same.
    await (limited === "send" ? receiving : sending);
    let isOver = false;
    const other = (limited === "send" ? sending : receiving).finally(() => {
      isOver = true;
    });
    for (;;) {
      await until(() => isOver || vi.getTimerCount() > 0);
      if (isOver) break;
      vi.advanceTimersToNextTimer();
    }
    await other;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(100);
    duplex.abort();
  });
});
