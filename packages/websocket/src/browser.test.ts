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
import { startWebSocketPeer, type WebSocketPeer } from "../testing/web-socket-peer.ts";
import { webSocket } from "./browser.ts";

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
    webSocket.open(peer.target, options, { signal: new AbortController().signal, report: () => undefined });

  it("refuses headers, and says why", async () => {
    const error = await open({ webSocket: { headers: { a: "b" } } }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as UnsupportedError).feature).toBe("webSocket.headers");
    expect((error as UnsupportedError).message).toMatch(/browsers/);
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
    const context = { signal: new AbortController().signal, report: () => undefined };
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
