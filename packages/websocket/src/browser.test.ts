import assert from "node:assert/strict";
import {
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type Duplex,
  type TransportOptions,
} from "@rivulet/engine";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { quietContext } from "../testing/quiet-context.ts";
import { startWebSocketPeer, type WebSocketPeer } from "../testing/web-socket-peer.ts";
import { webSocket } from "./browser.ts";
import { gatheredBytesLimit } from "./limits.ts";

// The library has the interface of a browser's WebSocket; real browsers run the same contract in testing/.
beforeEach(() => vi.stubGlobal("WebSocket", WebSocket));
afterEach(() => vi.unstubAllGlobals());

const harness: TransportHarness = {
  transport: webSocket,
  kind: "websocket",
  inboundBackPressure: false,
  startPeer: startWebSocketPeer,
};

describe("the transport contract", () => {
  for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
    it(scenario.name, { timeout: 30_000 }, () => scenario.run(harness, assert));
  }
});

describe("webSocket in browsers", () => {
  let peer: WebSocketPeer;
  beforeEach(async () => {
    peer = await startWebSocketPeer();
  });
  afterEach(() => peer.close());

  const open = (options: TransportOptions = {}): Promise<Duplex> =>
    webSocket.open(peer.target, options, quietContext());

  it.each<[string, TransportOptions]>([
    ["tls", { tls: { alpnProtocols: ["mqtt"] } }],
    ["proxy", { proxy: "http://user:secret@127.0.0.1:3128" }],
    ["socket", { socket: { noDelay: true } }],
    ["webSocket.headers", { webSocket: { headers: { authorization: "secret" } } }],
    ["webSocket.perMessageDeflate", { webSocket: { perMessageDeflate: false } }],
    ["webSocket.maxPayloadBytes", { webSocket: { maxPayloadBytes: 1000 } }],
  ])("refuses %s, and says where", async (feature, options) => {
    const error = await open(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ feature, message: `${feature} is not supported in browsers` });
  });

  it("is not bothered by options that nobody has set", async () => {
    const nothing = { headers: undefined, perMessageDeflate: undefined, maxPayloadBytes: undefined };
    (await open({ socket: undefined, tls: undefined, proxy: undefined, webSocket: nothing })).abort();
  });

  it("refuses to connect where there is no WebSocket", async () => {
    vi.stubGlobal("WebSocket", undefined);
    await expect(open()).rejects.toThrow(UnsupportedError);
  });

  it.each([{ colour: "red" }, { protocols: [] }, { protocols: ["mqtt", "mqtt"] }, { protocols: ["m q t t"] }])(
    "refuses %j",
    async (options) => {
      await expect(open({ webSocket: options })).rejects.toThrow(InvalidOptionError);
    },
  );

  it("refuses a server that chooses another subprotocol [MQTT-6.0.0-4]", async () => {
    const other = await startWebSocketPeer({ subprotocol: "chat" });
    const context = quietContext();
    await expect(webSocket.open(other.target, {}, context)).rejects.toThrow(TransportError);
    await other.whenIdle();
    await other.close();
  });

  it("tells the close code and the reason", async () => {
    const duplex = await open();
    (await peer.accept()).webSocket?.close(1011, "oops");
    await expect(duplex.closed).rejects.toMatchObject({ closeCode: 1011 });
    await expect(duplex.closed).rejects.toThrow(/1011, oops/);
  });

  it("ends the connection at a text frame [MQTT-6.0.0-1]", async () => {
    const duplex = await open();
    const connection = await peer.accept();
    connection.webSocket?.send("hello");
    await expect(duplex.closed).rejects.toThrow(TransportError);
    await connection.whenEnded();
  });

  it("looks at what waits to be sent when a message comes, however slow timers are", async () => {
    class Stalled extends WebSocket {
      isStalled = false;
      // @ts-expect-error: Only read here; a browser's has no more.
      override get bufferedAmount(): number {
        return this.isStalled ? 2 ** 20 : 0;
      }
    }
    const sockets: Stalled[] = [];
    const make = function (url: string, protocols: string[]): Stalled {
      const socket = new Stalled(url, protocols);
      sockets.push(socket);
      return socket;
    };
    vi.stubGlobal("WebSocket", make);
    const duplex = await open();
    const connection = await peer.accept();
    const [socket] = sockets;
    if (socket === undefined) throw new Error("It made no WebSocket");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }); // A page in the background hardly has any.
    try {
      socket.isStalled = true;
      const writing = duplex.writable.getWriter().write(Uint8Array.of(1));
      await connection.receivePattern(0);
      expect(vi.getTimerCount()).toBe(1);
      socket.isStalled = false;
      connection.webSocket?.send(Uint8Array.of(2));
      await writing;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    duplex.abort();
  });

  describe("small messages of one turn", () => {
    const bytes = (...values: number[]): ArrayBuffer => Uint8Array.from(values).buffer;

    /** A connection, and what lets messages come in one turn. */
    async function openTelling(): Promise<{
      duplex: Duplex;
      socket: WebSocket;
      tell: (...each: ArrayBuffer[]) => void;
    }> {
      const sockets: WebSocket[] = [];
      const make = function (url: string, protocols: string[]): WebSocket {
        const socket = new WebSocket(url, protocols);
        sockets.push(socket);
        return socket;
      };
      vi.stubGlobal("WebSocket", make);
      const duplex = await open();
      const [socket] = sockets;
      if (socket === undefined) throw new Error("It made no WebSocket");
      const tell = (...messages: ArrayBuffer[]): void => {
        for (const message of messages) socket.emit("message", message, true);
      };
      return { duplex, socket, tell };
    }

    it("come as one chunk, and a large one by itself", async () => {
      const { duplex, tell } = await openTelling();
      const reader = duplex.readable.getReader();
      const large = new ArrayBuffer(gatheredBytesLimit);
      tell(bytes(1), bytes(), bytes(2, 3), large, bytes(4), bytes(5));
      expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2, 3));
      expect((await reader.read()).value?.buffer).toBe(large);
      expect((await reader.read()).value).toEqual(Uint8Array.of(4, 5));
      tell(bytes(6));
      expect((await reader.read()).value).toEqual(Uint8Array.of(6));
      duplex.abort();
    });

    it("come before what ends the connection", async () => {
      const { duplex, socket, tell } = await openTelling();
      const reader = duplex.readable.getReader();
      tell(bytes(1), bytes(2));
      socket.emit("close", 1000, Buffer.alloc(0));
      expect(await reader.read()).toEqual({ done: false, value: Uint8Array.of(1, 2) });
      expect(await reader.read()).toEqual({ done: true, value: undefined });
      await duplex.closed;
      socket.terminate();
    });

    it("come at once where no MessageChannel is, as in React Native", async () => {
      vi.stubGlobal("MessageChannel", undefined);
      const { duplex, tell } = await openTelling();
      const reader = duplex.readable.getReader();
      tell(bytes(1), bytes(2));
      expect((await reader.read()).value).toEqual(Uint8Array.of(1));
      expect((await reader.read()).value).toEqual(Uint8Array.of(2));
      duplex.abort();
    });

    it("keep nothing open when it is over", async () => {
      const close = vi.spyOn(MessagePort.prototype, "close");
      const { duplex } = await openTelling();
      duplex.abort();
      expect(close).toHaveBeenCalledOnce();
      close.mockRestore();
    });
  });

  it("ends when the page is put into the cache, and not when it is left for good", async () => {
    const scope = new EventTarget();
    vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope));
    const removed: unknown[] = [];
    vi.stubGlobal("removeEventListener", (...values: unknown[]) => removed.push(values[0]));
    const duplex = await open();
    scope.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    const writer = duplex.writable.getWriter();
    await writer.write(Uint8Array.of(1));
    expect(removed).toEqual([]);
    scope.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
    await expect(duplex.closed).rejects.toThrow(`The connection to ${peer.target.url} failed: the page was left`);
    await (await peer.accept()).whenEnded();
    expect(removed).toEqual(["pagehide"]);
  });

  it("takes a single message that is larger than the limit", async () => {
    const duplex = await open();
    const connection = await peer.accept();
    const size = 17 * 1024 * 1024;
    const sent = connection.sendPattern(size, size);
    const { value } = await duplex.readable.getReader().read();
    expect(value?.byteLength).toBe(size);
    await sent;
    duplex.abort();
  });
});
