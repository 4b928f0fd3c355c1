import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  InvalidOptionError,
  TransportError,
  UnsupportedError,
  type Duplex,
  type TransportOptions,
} from "@rivulet/engine";
import { afterEach, describe, expect, it } from "vitest";
import { transportScenarios, type TransportHarness } from "../../engine/testing/transport-contract.ts";
import { quietContext } from "../testing/quiet-context.ts";
import { startWebSocketPeer, type WebSocketPeer } from "../testing/web-socket-peer.ts";
import { webSocket } from "./node.ts";

const harness: TransportHarness = {
  transport: webSocket,
  kind: "websocket",
  inboundBackPressure: true,
  startPeer: startWebSocketPeer,
};

describe("the transport contract", () => {
  for (const scenario of transportScenarios.filter((one) => one.applies(harness))) {
    it(scenario.name, { timeout: 30_000 }, () => scenario.run(harness, assert));
  }
});

describe("webSocket on Node", () => {
  let peer: WebSocketPeer;
  afterEach(() => peer.close());

  const open = (url: string, options: TransportOptions = {}, reports: string[] = []): Promise<Duplex> =>
    webSocket.open(
      { ...peer.target, url, address: url },
      options,
      quietContext({ report: (status) => reports.push(status) }),
    );
  const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

  it("sends one frame for each chunk", async () => {
    peer = await startWebSocketPeer();
    const duplex = await open(peer.target.url);
    const connection = await peer.accept();
    const writer = duplex.writable.getWriter();
    for (const size of [3, 70_000, 0, 1]) void writer.write(new Uint8Array(size));
    await writer.close();
    await connection.whenEnded();
    expect(connection.messageSizes).toEqual([3, 70_000, 1]);
  });

  it("offers mqtt, sends the headers it is given and no extension", async () => {
    peer = await startWebSocketPeer();
    const reports: string[] = [];
    const duplex = await open(peer.target.url, { webSocket: { headers: { authorization: "Bearer x" } } }, reports);
    const { headers } = await peer.accept();
    expect(headers).toMatchObject({ "sec-websocket-protocol": "mqtt", authorization: "Bearer x" });
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
    expect(duplex.info).toMatchObject({
      subprotocol: "mqtt",
      remoteAddress: "127.0.0.1",
      remotePort: peer.target.port,
    });
    expect(reports).toEqual(["connecting", "connected"]);
    duplex.abort();
  });

  it("takes the subprotocol that the server chooses among those offered", async () => {
    peer = await startWebSocketPeer({ subprotocol: "mqttv3.1" });
    const duplex = await open(peer.target.url, { webSocket: { protocols: ["mqtt", "mqttv3.1"] } });
    expect(duplex.info.subprotocol).toBe("mqttv3.1");
    duplex.abort();
  });

  it.each([
    ["none", false, 'the server chose the subprotocol "", not mqtt'],
    ["another", "chat", 'the server chose the subprotocol "chat", not mqtt'],
  ] as const)("refuses a server that chooses %s [MQTT-6.0.0-4]", async (_name, subprotocol, why) => {
    peer = await startWebSocketPeer({ subprotocol });
    const error = await failure(open(peer.target.url));
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toBe(`The connection to ${peer.target.url} failed: ${why}`);
    await peer.whenIdle();
  });

  it("ends the connection at a text frame [MQTT-6.0.0-1]", async () => {
    peer = await startWebSocketPeer();
    const duplex = await open(peer.target.url);
    const connection = await peer.accept();
    connection.webSocket?.send("hello");
    const error = await failure(duplex.closed);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as Error).message).toMatch(/sent text/);
    await connection.whenEnded();
  });

  it("tells the close code and the reason", async () => {
    peer = await startWebSocketPeer();
    const duplex = await open(peer.target.url);
    const connection = await peer.accept();
    connection.webSocket?.close(1008, "not today");
    const error = await failure(duplex.closed);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).closeCode).toBe(1008);
    expect((error as Error).message).toBe(`The connection to ${peer.target.url} failed: close code 1008, not today`);
    await expect(duplex.readable.getReader().read()).rejects.toBe(error);
  });

  it("keeps what the system said of a connection that is lost", async () => {
    peer = await startWebSocketPeer();
    const duplex = await open(peer.target.url);
    await (await peer.accept()).reset();
    await expect(duplex.closed).rejects.toMatchObject({ closeCode: 1006, cause: { code: "ECONNRESET" } });
  });

  it("says what answered instead of a WebSocket server", async () => {
    peer = await startWebSocketPeer();
    const server = createServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(open(url)).rejects.toThrow(
      `The connection to ${url} failed: the server answered with the HTTP status 404`,
    );
    server.close();
    await once(server, "close");
  });

  it.each([
    ["webSocket.colour", { colour: "red" }],
    ["webSocket.protocols", { protocols: [] }],
    ["webSocket.protocols", { protocols: ["mqtt", "mqtt"] }],
    ["webSocket.protocols", { protocols: ["m q t t"] }],
    ["webSocket.headers", { headers: { "a b": "c" } }],
    ["webSocket.headers", { headers: { a: "b\r\nc: d" } }],
    ["webSocket.perMessageDeflate", { perMessageDeflate: "yes" }],
    ["webSocket.maxPayloadBytes", { maxPayloadBytes: 0 }],
    ["webSocket.maxPayloadBytes", { maxPayloadBytes: 2 ** 31 }],
  ])("refuses %s %j", async (option, options) => {
    peer = await startWebSocketPeer();
    const error = await failure(open(peer.target.url, { webSocket: options as object }));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe(option);
  });

  it.each([
    ["tls", { tls: { allowExpired: true } }],
    ["proxy", { proxy: "system" }],
    ["socket", { socket: { noDelay: false } }],
  ])("refuses %s, which takes somebody who dials", async (name, options) => {
    peer = await startWebSocketPeer();
    const error = await failure(open(peer.target.url, options));
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({
      feature: name,
      message: `${name} is not supported by this transport alone: see createNodeWebSocket`,
    });
  });

  it("offers to compress only when asked to", async () => {
    peer = await startWebSocketPeer();
    const duplex = await open(peer.target.url, { webSocket: { perMessageDeflate: true } });
    const { headers } = await peer.accept();
    expect(headers["sec-websocket-extensions"]).toMatch(/^permessage-deflate/);
    duplex.abort();
  });

  it("ends the connection at a message that is too large", async () => {
    peer = await startWebSocketPeer();
    const duplex = await open(peer.target.url, { webSocket: { maxPayloadBytes: 1000 } });
    const connection = await peer.accept();
    await connection.sendPattern(1000, 1000);
    const reader = duplex.readable.getReader();
    expect((await reader.read()).value?.length).toBe(1000);
    connection.webSocket?.send(new Uint8Array(1001));
    await expect(duplex.closed).rejects.toThrow("failed: a message is larger than webSocket.maxPayloadBytes");
    await connection.whenEnded();
  });
});
