import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TransportError, type Duplex, type Transport } from "@rivulet/engine";
import { WebSocket } from "ws";
import { quietContext } from "../testing/quiet-context.ts";
import { startWebSocketPeer, type WebSocketPeer } from "../testing/web-socket-peer.ts";
import { webSocket as inBrowsers } from "./browser.ts";
import { webSocket as inDeno } from "./deno.ts";
import { webSocket as onNode } from "./node.ts";

let peer: WebSocketPeer;
beforeEach(async () => {
  peer = await startWebSocketPeer();
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await peer.close();
});

function open(transport: Transport): Promise<Duplex> {
  return transport.open(peer.target, {}, quietContext());
}

describe.each([
  ["on Node", onNode],
  ["in browsers", inBrowsers],
])("MQTT over WebSocket %s", (_where, transport) => {
  beforeEach(() => vi.stubGlobal("WebSocket", WebSocket));

  it("offers the subprotocol mqtt [MQTT-6.0.0-3 MQTT311-6.0.0-3]", async () => {
    const duplex = await open(transport);
    const { headers } = await peer.accept();
    expect(headers["sec-websocket-protocol"]).toBe("mqtt");
    duplex.abort();
  });

  it("travels in binary frames, and ends at a text frame [MQTT-6.0.0-1 MQTT311-6.0.0-1]", async () => {
    const duplex = await open(transport);
    const connection = await peer.accept();
    const areBinary: boolean[] = [];
    const hasCome = new Promise<void>((resolve) => {
      connection.webSocket?.on("message", (_data, isBinary) => {
        areBinary.push(isBinary);
        resolve();
      });
    });
    await duplex.writable.getWriter().write(Uint8Array.of(0xc0, 0));
    await hasCome;
    expect(areBinary).toEqual([true]);
    connection.webSocket?.send("text");
    await expect(duplex.closed).rejects.toBeInstanceOf(TransportError);
  });

  it("may split a packet over frames, and join packets in one [MQTT-6.0.0-2 MQTT311-6.0.0-2]", async () => {
    const duplex = await open(transport);
    const { webSocket } = await peer.accept();
    const bytes = Uint8Array.of(0x20, 2, 0, 0, 0x40, 2, 1, 2, 0xd0, 0); // CONNACK, PUBACK, PINGRESP
    for (const [start, end] of [
      [0, 1],
      [1, 6],
      [6, bytes.length],
    ] as const) {
      webSocket?.send(bytes.subarray(start, end));
    }
    const received: number[] = [];
    const reader = duplex.readable.getReader();
    while (received.length < bytes.length) {
      const { value = new Uint8Array(0), done } = await reader.read();
      if (done) break;
      received.push(...value);
    }
    expect(received).toEqual([...bytes]);
    duplex.abort();
  });
});

// Some platforms leave it to the application to look at what the server chose.
describe("a server that chooses another subprotocol than mqtt is refused", () => {
  it("on Node [MQTT-6.0.0-4 MQTT311-6.0.0-4]", async () => {
    const other = await startWebSocketPeer({ subprotocol: "chat" });
    const context = quietContext();
    await expect(onNode.open(other.target, {}, context)).rejects.toThrow('the server chose the subprotocol "chat"');
    await other.close();
  });

  it("in browsers [MQTT-6.0.0-4 MQTT311-6.0.0-4]", async () => {
    class Chatting extends EventTarget {
      protocol = "chat";
      onopen: (() => void) | undefined;
      constructor() {
        super();
        queueMicrotask(() => this.onopen?.());
      }
      close(): void {}
    }
    vi.stubGlobal("WebSocket", Chatting);
    await expect(open(inBrowsers)).rejects.toBeInstanceOf(TransportError);
  });

  it("in Deno [MQTT-6.0.0-4 MQTT311-6.0.0-4]", async () => {
    const opened = { readable: new ReadableStream(), writable: new WritableStream(), protocol: "chat" };
    class Chatting {
      opened = Promise.resolve(opened);
      closed = new Promise(() => undefined);
      close(): void {}
    }
    vi.stubGlobal("WebSocketStream", Chatting);
    vi.stubGlobal("WebSocket", WebSocket);
    await expect(open(inDeno)).rejects.toBeInstanceOf(TransportError);
  });
});
