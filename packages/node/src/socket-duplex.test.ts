import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patternBytes } from "../../engine/testing/pattern.ts";
import type { Peer, PeerConnection } from "../../engine/testing/transport-contract.ts";
import { startTcpPeer } from "../testing/tcp-peer.ts";
import { gatheredBytesLimit, turnBytesLimit } from "./limits.ts";
import { SocketDuplex } from "./socket-duplex.ts";

let peer: Peer;
let connection: PeerConnection;
let socket: Socket;
let duplex: SocketDuplex;
let writer: WritableStreamDefaultWriter<Uint8Array>;

beforeEach(async () => {
  peer = await startTcpPeer();
  const accepting = peer.accept();
  socket = connect({ host: peer.target.hostname, port: peer.target.port, noDelay: true, allowHalfOpen: true });
  await once(socket, "connect");
  duplex = new SocketDuplex(socket, "the peer", { transport: "tcp", url: peer.target.url });
  writer = duplex.writable.getWriter();
  connection = await accepting;
});

afterEach(async () => {
  duplex.abort();
  await peer.close();
});

describe("the writable", () => {
  it.each([64, 4096, 65_536])("gives the event loop its turn when chunks of %i bytes are awaited", async (size) => {
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    let written = 0;
    // Less than the system takes of a socket that nobody reads, which would give a turn too.
    for (; !hasTurned && written < 1_048_576; written += size) await writer.write(patternBytes(written, size));
    expect(hasTurned).toBe(true);
    await connection.receivePattern(written);
  });

  it("gives the event loop its turn when each chunk is written once the one before has left", async () => {
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    let written = 0;
    for (; !hasTurned && written < 1_048_576; written += 4096) {
      await writer.write(patternBytes(written, 4096));
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
    }
    expect(hasTurned).toBe(true);
    await connection.receivePattern(written);
  });

  it("gives the socket in one piece what was written before the process turns to something else", async () => {
    const writes = vi.spyOn(socket, "write");
    const bytes = patternBytes(0, 300);
    // Two that are next to each other, one from elsewhere, one that lies before, and one that follows it.
    const chunks = [bytes.subarray(0, 100), bytes.subarray(100, 150), patternBytes(150, 50)];
    const other = new Uint8Array([...patternBytes(250, 50), ...patternBytes(200, 50)]);
    chunks.push(other.subarray(50), new Uint8Array(0), other.subarray(0, 50));
    for (const chunk of chunks) await writer.write(chunk);
    expect(socket.writableCorked).toBe(1);
    await connection.receivePattern(300);
    expect(socket.writableCorked).toBe(0);
    expect(writes.mock.calls.map(([chunk]) => (chunk as Uint8Array).length)).toEqual([150, 50, 50, 50]);
  });

  it("lets no more gather than a little", async () => {
    const bytes = patternBytes(0, gatheredBytesLimit);
    for (let written = 0; written < gatheredBytesLimit - 64; written += 64) {
      await writer.write(bytes.subarray(written, written + 64));
    }
    expect(socket.writableCorked).toBe(1);
    await writer.write(bytes.subarray(-64));
    expect(socket.writableCorked).toBe(0);
    await connection.receivePattern(gatheredBytesLimit);
  });

  it("waits for the socket when that has enough before", async () => {
    for (let written = 0; written < gatheredBytesLimit; written += 1) await writer.write(patternBytes(written, 1));
    await connection.receivePattern(gatheredBytesLimit);
  });

  it("sends what has gathered before it ends", async () => {
    void writer.write(patternBytes(0, 10));
    await writer.close();
    await connection.receivePattern(10);
    await connection.whenEnded();
  });

  it("drops what has gathered when it is aborted", async () => {
    await writer.write(patternBytes(0, 10));
    duplex.abort();
    await expect(duplex.closed).rejects.toThrow("The connection to the peer was aborted");
    await connection.whenEnded();
    await connection.receivePattern(0);
  });
});

describe("the room", () => {
  it("is what may gather until the process turns to something else", async () => {
    expect(duplex.room).toBe(gatheredBytesLimit - 1);
    await writer.write(patternBytes(0, 100));
    expect(duplex.room).toBe(gatheredBytesLimit - 101);
    await writer.write(patternBytes(100, duplex.room));
    expect(duplex.room).toBe(0);
    expect(socket.writableCorked).toBe(1);
    await nextTurn();
    expect(duplex.room).toBe(gatheredBytesLimit - 1);
    await connection.receivePattern(gatheredBytesLimit - 1);
  });

  it("is used up when the system has taken enough in one turn of the event loop", async () => {
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    let written = 0;
    let writing: Promise<void> | undefined;
    do {
      await writing;
      writing = writer.write(patternBytes(written, gatheredBytesLimit));
      written += gatheredBytesLimit;
    } while (duplex.room > 0);
    expect(hasTurned).toBe(false);
    expect(written).toBeLessThan(turnBytesLimit + gatheredBytesLimit);
    await writing;
    expect(hasTurned).toBe(true);
    expect(duplex.room).toBe(gatheredBytesLimit - 1);
    await connection.receivePattern(written);
  });

  it("is none when the connection is being closed, and when it is over", async () => {
    const closing = writer.close();
    expect(duplex.room).toBe(0);
    await closing;
    expect(duplex.room).toBe(0);
    duplex.abort();
    expect(duplex.room).toBe(0);
  });
});

describe("the end of a turn", () => {
  it("comes after microtasks, and before the event loop turns", async () => {
    const order: string[] = [];
    const turned = nextTurn().then(() => order.push("the event loop"));
    duplex.atTurnEnd(() => order.push("the end"));
    void Promise.resolve().then(() => order.push("a microtask"));
    order.push("this");
    await turned;
    expect(order).toEqual(["this", "a microtask", "the end", "the event loop"]);
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
