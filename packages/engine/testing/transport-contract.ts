/**
 * What every transport must do, as scenarios that run on any runtime: they use the globals that all of them have, and an
 * `assert` that is given to them. An adapter's test file supplies a harness: the transport, and a scripted server.
 *
 * Bytes are never sent back and forth to be compared: both sides know the same endless pattern, and check what they
 * receive against it. No scenario sleeps to give something time to happen. Where one must see that something does *not*
 * happen (a stalled peer), it waits until a counter has stood still for a moment; a machine that is slow can make that
 * check see less, never fail.
 */

import {
  TransportError,
  type Duplex,
  type Transport,
  type TransportContext,
  type TransportOptions,
  type TransportTarget,
} from "@rivulet/engine";
import type { ContractAssert } from "./contract-assert.ts";
import { BULK_BYTES, CHUNK_BYTES, patternBytes, readAll, readPattern, standsStill, stallWriting } from "./pattern.ts";
import { watchListeners } from "./watch-listeners.ts";

/** The server's side of one connection. Its pattern starts at 0 in each direction. Plain data only: it may be remote. */
export interface PeerConnection {
  /** Sends the next `count` bytes of the pattern, `chunkBytes` at a time; settles when they are out of its hands. */
  sendPattern(count: number, chunkBytes: number): Promise<void>;
  /** Bytes that it has been able to send so far. */
  sentCount(): Promise<number>;
  /** Settles when `total` bytes have arrived, counted from the start; rejects when they are not the pattern. */
  receivePattern(total: number): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends its side in good order; with TCP, it goes on receiving. */
  end(): Promise<void>;
  /** Drops the connection without any farewell. */
  reset(): Promise<void>;
  /** Settles when the client's side has ended, in whatever way; ends the server's side too. */
  whenEnded(): Promise<void>;
}

/** A scripted server on a free port of the loopback interface. It starts each connection reading. */
export interface Peer {
  readonly target: TransportTarget;
  /** The next connection that a client has made. */
  accept(): Promise<PeerConnection>;
  /** Settles when no connection is open, not even one half made. */
  whenIdle(): Promise<void>;
  /** Stops listening and drops what is open. */
  close(): Promise<void>;
}

export interface TransportHarness {
  readonly transport: Transport;
  readonly options?: TransportOptions;
  /** `"tcp"`: each direction ends by itself. `"websocket"`: both end together. */
  readonly kind: "tcp" | "websocket";
  /** Whether a reader that does not read stalls the server. Without it the connection is closed at a limit instead. */
  readonly inboundBackPressure: boolean;
  startPeer(options?: { readonly mute?: boolean }): Promise<Peer>;
}

export interface TransportScenario {
  readonly name: string;
  /** Whether this kind of transport has what the scenario is about. */
  applies(harness: TransportHarness): boolean;
  run(harness: TransportHarness, assert: ContractAssert): Promise<void>;
}

type Step = (context: ScenarioContext) => Promise<void>;

interface ScenarioContext {
  readonly harness: TransportHarness;
  readonly assert: ContractAssert;
  readonly peer: Peer;
}

interface Connected extends ScenarioContext {
  readonly duplex: Duplex;
  readonly connection: PeerConnection;
}

export const transportScenarios: readonly TransportScenario[] = [
  scenario("carries bytes both ways, in order", connected(carriesBytes)),
  scenario("tells where it is connected to", connected(tellsInfo)),
  scenario("takes chunks that are cut anywhere", connected(takesSmallChunks)),
  scenario("sends a view's own bytes and leaves them as they were", connected(sendsViews)),
  scenario("a server that does not read stalls the writer", connected(stallsWriter)),
  scenario("has room for what it says, and none while it is stalled or over", connected(hasRoom)),
  scenario("a reader that does not read stalls the server", connected(stallsServer), (h) => h.inboundBackPressure),
  scenario("a reader that does not read has a limit", connected(limitsInbound), (h) => !h.inboundBackPressure),
  scenario("the server's end leaves us writing", connected(survivesHalfClose), (h) => h.kind === "tcp"),
  scenario("the server's end closes in good order", connected(closedByServer), (h) => h.kind === "websocket"),
  scenario("our end follows all that was written", connected(closesAfterWrites)),
  scenario("a cancelled reader does not keep us from ending", connected(closesAfterCancel)),
  scenario("abort while a write is stalled settles everything", connected(abortsStalledWrite)),
  scenario("aborting a stalled writable ends the connection", connected(abortsWritable)),
  scenario("abort twice, and after the end, does nothing", connected(abortsTwice)),
  scenario("a connection that is lost fails everything", connected(losesConnection)),
  scenario("a refused connection is a TransportError", refusesConnection),
  scenario("a signal that is aborted already", abortedBefore),
  scenario("a signal aborted while opening", abortedDuring),
  scenario("a signal aborted while the server is silent", abortedWhileSilent, (h) => h.kind === "websocket"),
  scenario("a signal aborted after opening does nothing", abortedAfter),
];

async function carriesBytes({ duplex, connection, assert }: Connected): Promise<void> {
  const writer = duplex.writable.getWriter();
  await writer.write(patternBytes(0, 1));
  await writer.write(patternBytes(1, 100_000));
  await writer.write(new Uint8Array(0));
  await writer.write(patternBytes(100_001, 1_000));
  await connection.receivePattern(101_001);
  const sent = connection.sendPattern(300_000, 10_007);
  await readPattern(duplex, 300_000, assert);
  await sent;
}

function tellsInfo({ duplex, harness, peer, assert }: Connected): Promise<void> {
  assert.equal(duplex.info.transport, harness.kind);
  assert.equal(duplex.info.url, peer.target.url);
  return Promise.resolve();
}

async function takesSmallChunks({ duplex, connection, assert }: Connected): Promise<void> {
  const sent = connection.sendPattern(500, 1);
  await readPattern(duplex, 500, assert);
  await sent;
  const writer = duplex.writable.getWriter();
  for (let offset = 0; offset < 500; offset++) await writer.write(patternBytes(offset, 1));
  await connection.receivePattern(500);
}

async function sendsViews({ duplex, connection, assert }: Connected): Promise<void> {
  const whole = patternBytes(0, 5_000);
  const copy = whole.slice();
  const writer = duplex.writable.getWriter();
  for (const [from, to] of [
    [0, 10],
    [10, 3_000],
    [3_000, 5_000],
  ] as const)
    await writer.write(whole.subarray(from, to));
  await connection.receivePattern(5_000);
  assert.ok(
    whole.every((byte, index) => byte === copy[index]),
    "a written chunk was changed",
  );
}

async function stallsWriter({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.pause();
  const stalled = await stallWriting(duplex);
  assert.ok(stalled.settled < BULK_BYTES, "what waits for a server that does not read is not bounded");
  await connection.resume();
  await stalled.finish();
  await connection.receivePattern(stalled.written());
}

async function hasRoom({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.pause();
  const { writer, written, finish } = await stallWriting(duplex);
  assert.equal(duplex.room ?? 0, 0, "there is room behind a write that is stalled");
  await connection.resume();
  await finish();
  await connection.receivePattern(written());
  const room = duplex.room ?? 0;
  const turned = new Promise((resolve) => setTimeout(resolve, 0, "turned"));
  const writing = room > 0 ? writer.write(patternBytes(written(), room)) : undefined;
  assert.ok((await Promise.race([writing, turned])) !== "turned", "a write for which there was room has waited");
  await connection.receivePattern(written() + room);
  duplex.abort();
  assert.equal(duplex.room ?? 0, 0, "there is room after the end");
}

async function stallsServer({ duplex, connection, assert }: Connected): Promise<void> {
  const sent = connection.sendPattern(BULK_BYTES, CHUNK_BYTES);
  const count = await standsStill(() => connection.sentCount());
  assert.ok(count < BULK_BYTES, "the server was never made to wait");
  await readPattern(duplex, BULK_BYTES, assert);
  await sent;
}

async function limitsInbound({ duplex, connection, assert }: Connected): Promise<void> {
  const sent = connection.sendPattern(BULK_BYTES, CHUNK_BYTES).catch(ignore);
  const error = await rejection(duplex.closed);
  assert.ok(error instanceof TransportError, `closed rejected with ${String(error)}`);
  await connection.whenEnded();
  await sent;
}

async function survivesHalfClose({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.sendPattern(10_000, 1_000);
  await connection.end();
  assert.equal(await readAll(duplex, assert), 10_000);
  const writer = duplex.writable.getWriter();
  await writer.write(patternBytes(0, 50_000));
  await connection.receivePattern(50_000);
  await writer.close();
  await connection.whenEnded();
  await duplex.closed;
}

async function closedByServer({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.sendPattern(10_000, 1_000);
  await connection.end();
  assert.equal(await readAll(duplex, assert), 10_000);
  await duplex.closed;
  const error = await rejection(duplex.writable.getWriter().write(patternBytes(0, 1)));
  assert.ok(error instanceof TransportError, `write rejected with ${String(error)}`);
}

async function closesAfterWrites({ duplex, connection, assert }: Connected): Promise<void> {
  const writer = duplex.writable.getWriter();
  const writes: Promise<void>[] = [];
  for (let offset = 0; offset < 1_000_000; offset += 100_000) writes.push(writer.write(patternBytes(offset, 100_000)));
  const closing = writer.close();
  await connection.receivePattern(1_000_000);
  await connection.whenEnded();
  await Promise.all(writes);
  await closing;
  assert.equal(await readAll(duplex, assert), 0);
  await duplex.closed;
}

async function closesAfterCancel({ duplex, connection }: Connected): Promise<void> {
  await connection.sendPattern(10_000, 1_000);
  await duplex.readable.cancel("enough");
  await connection.sendPattern(300_000, 10_000);
  const writer = duplex.writable.getWriter();
  await writer.write(patternBytes(0, 10_000));
  await connection.receivePattern(10_000);
  await writer.close();
  await connection.whenEnded();
  await duplex.closed;
}

async function abortsStalledWrite({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.pause();
  const read = rejection(duplex.readable.getReader().read());
  const stalled = await stallWriting(duplex);
  const reason = new Error("enough");
  duplex.abort(reason);
  for (const [what, error] of [
    ["read", await read],
    ["write", await rejection(stalled.finish())],
    ["closed", await rejection(duplex.closed)],
  ] as const) {
    assert.ok(error instanceof TransportError, `${what} rejected with ${String(error)}`);
    assert.equal((error as Error).cause, reason, `${what} does not name the reason`);
  }
  await connection.resume();
  await connection.whenEnded();
}

async function abortsWritable({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.pause();
  const stalled = await stallWriting(duplex);
  await stalled.writer.abort(new Error("enough")).catch(ignore);
  await rejection(stalled.finish());
  const errors = [await rejection(duplex.closed), await rejection(duplex.readable.getReader().read())];
  for (const error of errors) assert.ok(error instanceof TransportError, `rejected with ${String(error)}`);
  await connection.resume();
  await connection.whenEnded();
}

async function abortsTwice({ duplex, connection, assert }: Connected): Promise<void> {
  const first = new Error("first");
  duplex.abort(first);
  duplex.abort(new Error("second"));
  const error = await rejection(duplex.closed);
  assert.equal((error as Error).cause, first);
  await connection.whenEnded();
  duplex.abort();
  assert.equal(await rejection(duplex.closed), error, "closed settled twice");
}

async function losesConnection({ duplex, connection, assert }: Connected): Promise<void> {
  await connection.pause();
  const read = rejection(duplex.readable.getReader().read());
  const stalled = await stallWriting(duplex);
  await connection.reset();
  const errors = [await read, await rejection(stalled.finish()), await rejection(duplex.closed)];
  for (const error of errors) assert.ok(error instanceof TransportError, `rejected with ${String(error)}`);
  assert.equal(await rejection(stalled.writer.write(patternBytes(0, 1))), errors[2], "a later write has another error");
}

async function refusesConnection({ harness, peer, assert }: ScenarioContext): Promise<void> {
  await peer.close();
  const error = await rejection(open(harness, peer.target, new AbortController().signal));
  assert.ok(error instanceof TransportError, `rejected with ${String(error)}`);
  assert.ok((error as Error).message.includes(String(peer.target.port)), "the message does not say where to");
}

async function abortedBefore({ harness, peer, assert }: ScenarioContext): Promise<void> {
  const controller = new AbortController();
  const watch = watchListeners(controller.signal);
  const reason = new Error("too late");
  controller.abort(reason);
  assert.equal(await rejection(open(harness, peer.target, controller.signal)), reason);
  assert.equal(watch.count, 0, "a listener was left on the signal");
  await peer.whenIdle();
}

async function abortedDuring({ harness, peer, assert }: ScenarioContext): Promise<void> {
  const controller = new AbortController();
  const watch = watchListeners(controller.signal);
  const reason = new Error("changed my mind");
  const opening = rejection(open(harness, peer.target, controller.signal));
  controller.abort(reason);
  assert.equal(await opening, reason);
  assert.equal(watch.count, 0, "a listener was left on the signal");
  await peer.whenIdle();
}

async function abortedWhileSilent({ harness, assert }: ScenarioContext): Promise<void> {
  const peer = await harness.startPeer({ mute: true });
  try {
    const controller = new AbortController();
    const watch = watchListeners(controller.signal);
    const opening = rejection(open(harness, peer.target, controller.signal));
    await peer.accept();
    const reason = new Error("too slow");
    controller.abort(reason);
    assert.equal(await opening, reason);
    assert.equal(watch.count, 0, "a listener was left on the signal");
    await peer.whenIdle();
  } finally {
    await peer.close();
  }
}

async function abortedAfter({ harness, peer, assert }: ScenarioContext): Promise<void> {
  const controller = new AbortController();
  const watch = watchListeners(controller.signal);
  const accepting = peer.accept();
  const duplex = await open(harness, peer.target, controller.signal);
  assert.equal(watch.count, 0, "a listener was left on the signal");
  controller.abort(new Error("the attempt is over"));
  await carriesBytes({ harness, peer, assert, duplex, connection: await accepting });
  duplex.abort();
}

function scenario(
  name: string,
  step: Step,
  applies: (harness: TransportHarness) => boolean = () => true,
): TransportScenario {
  return {
    name,
    applies,
    async run(harness, assert) {
      const peer = await harness.startPeer();
      try {
        await step({ harness, assert, peer });
      } finally {
        await peer.close();
      }
    },
  };
}

/** A step that starts with a connection and must leave it settled once its peer is gone. */
function connected(step: (context: Connected) => Promise<void>): Step {
  return async (context) => {
    const { harness, peer } = context;
    const accepting = peer.accept();
    const duplex = await open(harness, peer.target, new AbortController().signal);
    try {
      await step({ ...context, duplex, connection: await accepting });
    } finally {
      duplex.abort();
      await duplex.closed.catch(ignore);
    }
  };
}

function open(harness: TransportHarness, target: TransportTarget, signal: AbortSignal): Promise<Duplex> {
  const verify: TransportContext["verify"] = (authentication) => authentication.accept;
  return harness.transport.open(target, harness.options ?? {}, { signal, report: ignore, verify });
}

/** What the promise rejects with. Resolving is an error. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`Expected a rejection, got ${String(value)}`);
}

function ignore(): void {}
