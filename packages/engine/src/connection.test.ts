import { encode, type ControlPacketInput } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { settle, VirtualEnvironment } from "../testing/virtual-environment.ts";
import { Connection } from "./connection.ts";
import type { Duplex } from "./duplex.ts";
import { ClosedError, TransportError } from "./errors.ts";
import { batchBytesLimit } from "./limits.ts";
import type { SessionEvent } from "./session/events.ts";
import { Session } from "./session/session.ts";

/** A connection over bare streams, without a client. */
class World {
  readonly environment: VirtualEnvironment = new VirtualEnvironment();
  isTracing = false;
  readonly session = new Session<string>({ version: 5, isTracing: () => this.isTracing });
  readonly events: SessionEvent<string>[] = [];
  readonly chunks: Uint8Array[] = [];
  readonly connection: Connection<string>;
  readonly duplex: Duplex & { room?: number };
  reader!: ReadableStreamDefaultController<Uint8Array>;
  hasRoom = true;
  timesClosed = 0;
  timesWritten = 0;
  aborted: unknown[] = [];
  /** What a write waits for. */
  taking: Promise<void> = Promise.resolve();

  constructor(persist?: () => Promise<void> | undefined) {
    this.duplex = {
      readable: new ReadableStream({
        start: (controller) => {
          this.reader = controller;
        },
      }),
      writable: new WritableStream({
        write: (chunk) => {
          this.chunks.push(chunk);
          return this.taking;
        },
      }),
      info: { transport: "memory", url: "mem://server" },
      closed: new Promise(() => undefined),
      abort: (reason) => this.aborted.push(reason),
    };
    this.connection = new Connection(this.duplex, this.session, {
      environment: this.environment,
      persist,
      hasRoom: () => this.hasRoom,
      makeRoom: () => undefined,
      written: () => (this.timesWritten += 1),
      handle: (event) => this.events.push(event),
      closed: () => (this.timesClosed += 1),
    });
  }

  async connect(): Promise<void> {
    this.connection.start({
      packet: { type: "connect", protocolVersion: 5, clientIdentifier: "c", cleanStart: true, keepAlive: 0 },
      timeoutMs: 1000,
      maxInflight: 10,
    });
    this.receive({ type: "connack" });
    await settle();
  }

  receive(packet: ControlPacketInput): void {
    this.reader.enqueue(encode(packet, 5));
  }

  publish(size = 1): void {
    const payload = new Uint8Array(size);
    this.session.publish(
      { type: "publish", topicName: "a", payload, qos: 0, retain: false, duplicate: false },
      `${size}`,
    );
    this.connection.wake();
  }
}

describe("Connection", () => {
  it("reads packets whatever the chunks are", async () => {
    const world = new World();
    await world.connect();
    const bytes = encode({ type: "publish", topicName: "a", payload: new Uint8Array(3) }, 5);
    for (const byte of bytes) world.reader.enqueue(new Uint8Array([byte]));
    world.reader.enqueue(new Uint8Array([...bytes, ...bytes]));
    await settle(20);
    expect(world.events.map(({ type }) => type)).toEqual(["connected", "message", "message", "message"]);
  });

  it("writes what one turn commands in one chunk, and one chunk at a time", async () => {
    const world = new World();
    await world.connect();
    let take = (): void => undefined;
    world.taking = new Promise((resolve) => {
      take = resolve;
    });
    world.publish();
    world.publish();
    await settle();
    expect(world.chunks).toHaveLength(2);
    world.publish();
    await settle();
    world.publish();
    const taken = world.connection.taken();
    await settle();
    expect(world.chunks).toHaveLength(2);
    expect(world.timesWritten).toBe(1);
    take();
    await taken;
    expect(world.chunks).toHaveLength(3);
    expect(world.chunks[2]?.length).toBe(world.chunks[1]?.length);
    expect(world.timesWritten).toBe(3);
  });

  it("cuts what is much into batches", async () => {
    const world = new World();
    await world.connect();
    for (let count = 0; count < 10; count += 1) world.publish(batchBytesLimit / 4);
    await settle();
    expect(world.chunks.slice(1).map(({ length }) => Math.round((4 * length) / batchBytesLimit))).toEqual([4, 4, 2]);
  });

  it("writes a large payload as it is, between what comes before it and after it", async () => {
    const world = new World();
    await world.connect();
    const payload = new Uint8Array(batchBytesLimit);
    world.publish(1);
    world.session.publish({ type: "publish", topicName: "a", payload, qos: 0, retain: false, duplicate: false });
    world.session.sendRaw(new Uint8Array([0xc0, 0]));
    await settle();
    const [before, large, after, ...others] = world.chunks.slice(1);
    expect(large).toBe(payload);
    expect([before?.length, after?.length, others]).toEqual([7 + 8, 2, []]);
    expect(world.timesWritten).toBe(2);
  });

  it("closes once, and hears and says nothing after that", async () => {
    const world = new World();
    await world.connect();
    const { connection } = world;
    const taken = connection.taken();
    const reason = new ClosedError();
    connection.abort(reason);
    connection.abort(new ClosedError("again"));
    await connection.closed;
    await expect(taken).rejects.toBe(reason);
    world.publish();
    world.receive({ type: "publish", topicName: "a", payload: new Uint8Array(1) });
    await settle();
    expect(world.timesClosed).toBe(1);
    expect(world.aborted).toEqual([reason]);
    expect(world.chunks).toHaveLength(1);
    expect(world.events.map(({ type }) => type)).toEqual(["connected", "ended"]);
    expect(world.environment.pendingTimers).toBe(0);
  });

  it("has nothing to write when it is closed while a command waits for its turn", async () => {
    const world = new World();
    await world.connect();
    world.publish();
    world.connection.abort(new ClosedError());
    await settle();
    expect(world.chunks).toHaveLength(1);
  });

  it("rejects what nobody has taken when it ends without an error", async () => {
    const world = new World();
    await world.connect();
    world.taking = new Promise(() => undefined);
    world.session.disconnect({ type: "disconnect", reasonCode: 0 }, world.environment.now() + 1000);
    const taken = world.connection.taken();
    world.connection.wake();
    await settle();
    expect(world.events.at(-1)).toEqual({ type: "ended", error: undefined });
    world.connection.abort(new TransportError("That is all"));
    await expect(taken).rejects.toThrow("That is all");
  });

  it("does not read while there is no room, unless the server owes an answer", async () => {
    const world = new World();
    await world.connect();
    world.hasRoom = false;
    const message = { type: "publish", topicName: "a", payload: new Uint8Array(1) } as const;
    const messages = (): number => world.events.filter(({ type }) => type === "message").length;
    for (let count = 0; count < 5; count += 1) world.receive(message);
    await settle(50);
    expect(messages()).toBe(1); // It had been asked for before.
    world.session.request({ type: "unsubscribe", topicFilters: ["a"] }, "one", { sentAt: 1000, timeoutMs: 1000 });
    world.connection.wake();
    await settle(50);
    expect(messages()).toBe(5);
    world.receive({ type: "unsuback", packetIdentifier: 1, reasonCodes: [0] });
    world.receive(message);
    world.receive(message);
    await settle(50);
    expect(messages()).toBe(5);
    world.hasRoom = true;
    world.connection.wake();
    await settle(50);
    expect(messages()).toBe(7);
  });
});

describe("a transport that has room", () => {
  /** Resolves to whether a promise has settled by now. */
  async function isSettled(promise: Promise<unknown>): Promise<boolean> {
    let isIt = false;
    void promise.then(() => (isIt = true));
    await settle();
    return isIt;
  }

  it("counts as taken what there is room for, and is given it when the turn ends", async () => {
    const world = new World();
    const ends: (() => void)[] = [];
    await world.connect();
    Object.assign(world.duplex, { room: 16, atTurnEnd: (callback: () => void) => ends.push(callback) });
    for (const count of [1, 2]) {
      world.publish();
      expect(world.session.batchBytes).toBe(7 * count);
      expect(await isSettled(world.connection.taken())).toBe(true);
    }
    expect(world.chunks).toHaveLength(1);
    expect(ends).toHaveLength(1);
    world.publish();
    const taken = world.connection.taken();
    expect(await isSettled(taken)).toBe(false);
    ends[0]?.();
    expect((await taken).reasonCode).toBe(0);
    expect(world.chunks.slice(1).map(({ length }) => length)).toEqual([21]);
  });

  it("is given what gathers within microtasks where it does not tell when the turn ends", async () => {
    const world = new World();
    await world.connect();
    world.duplex.room = 1000;
    world.publish();
    await world.connection.taken();
    await settle();
    expect(world.chunks).toHaveLength(2);
  });

  it("is certain to take as much as it has", async () => {
    const world = new World();
    await world.connect();
    Object.assign(world.duplex, { room: 7, atTurnEnd: () => undefined });
    world.publish();
    expect(world.session.batchBytes).toBe(7);
    expect(await isSettled(world.connection.taken())).toBe(true);
    world.publish();
    expect(await isSettled(world.connection.taken())).toBe(false);
  });

  it("counts when who follows the packets has heard of them", async () => {
    const world = new World();
    await world.connect();
    Object.assign(world.duplex, { room: 1000, atTurnEnd: () => undefined });
    world.isTracing = true;
    const packets = (): number => world.events.filter(({ type }) => type === "packet").length;
    world.publish();
    const taken = world.connection.taken();
    world.publish();
    expect(world.connection.taken()).toBe(taken);
    expect(packets()).toBe(0);
    await taken;
    expect(packets()).toBe(2);
    expect(world.chunks).toHaveLength(1);
    world.publish();
    world.connection.abort(new ClosedError());
    expect(packets()).toBe(3);
  });

  it("is waited for while a write is under way", async () => {
    const world = new World();
    await world.connect();
    world.duplex.room = 1000;
    let take = (): void => undefined;
    world.taking = new Promise((resolve) => {
      take = resolve;
    });
    world.publish();
    await settle();
    world.publish();
    const taken = world.connection.taken();
    expect(await isSettled(taken)).toBe(false);
    take();
    await taken;
    expect(world.chunks).toHaveLength(3);
  });

  it("is waited for where something is written down first", async () => {
    let written = (): void => undefined;
    let persisting: Promise<void> | undefined;
    const world = new World(() => persisting);
    await world.connect();
    persisting = new Promise((resolve) => {
      written = resolve;
    });
    world.duplex.room = 1000;
    world.publish();
    const taken = world.connection.taken();
    expect(await isSettled(taken)).toBe(false);
    expect(world.chunks).toHaveLength(1);
    persisting = undefined;
    written();
    await taken;
    expect(world.chunks).toHaveLength(2);
  });
});
