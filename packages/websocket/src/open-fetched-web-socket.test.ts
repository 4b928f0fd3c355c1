import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { TransportError } from "@rivulet/engine";
import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { quietContext } from "../testing/quiet-context.ts";
import { startWebSocketPeer } from "../testing/web-socket-peer.ts";
import { webSocket } from "./workerd.ts";

// What `fetch` does of Workers, which run the transport contract in testing/, by a library.
async function upgrade(url: string, { headers }: { headers: Headers }): Promise<unknown> {
  const protocols = headers.get("sec-websocket-protocol")?.split(", ");
  const socket = Object.assign(new WebSocket(url.replace(/^http/, "ws"), protocols), { accept: () => undefined });
  const [response] = (await once(socket, "upgrade")) as [IncomingMessage];
  const { "sec-websocket-protocol": protocol = "" } = response.headers;
  return { status: 101, headers: new Headers({ "sec-websocket-protocol": protocol }), webSocket: socket };
}

afterEach(() => vi.unstubAllGlobals());

test("takes a server that chooses the subprotocol mqtt [MQTT-6.0.0-4] [MQTT311-6.0.0-4]", async () => {
  vi.stubGlobal("fetch", upgrade);
  const peer = await startWebSocketPeer();
  const duplex = await webSocket.open(peer.target, {}, quietContext());
  expect(duplex.info).toMatchObject({ transport: "websocket", subprotocol: "mqtt" });
  duplex.abort();
  await peer.close();
});

test("refuses a server that chooses another subprotocol [MQTT-6.0.0-4] [MQTT311-6.0.0-4]", async () => {
  // The library in the place of the platform would refuse it before we can.
  const other = Object.assign(new EventTarget(), { accept: vi.fn(), close: vi.fn(), send: vi.fn() });
  const headers = new Headers({ "sec-websocket-protocol": "chat" });
  vi.stubGlobal("fetch", () => Promise.resolve({ status: 101, headers, webSocket: other }));
  const peer = await startWebSocketPeer();
  const opening = webSocket.open(peer.target, {}, quietContext());
  await expect(opening).rejects.toThrow(TransportError);
  await expect(opening).rejects.toThrow('subprotocol "chat"');
  expect(other.close).toHaveBeenCalledOnce();
  await peer.close();
});
