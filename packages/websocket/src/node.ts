import type { Transport } from "@rivulet/engine";
import type { Dial } from "./dial.ts";
import { nodeOpener } from "./open-node-web-socket.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

export type { Dial, Dialled } from "./dial.ts";

/** What the library does by itself; it needs no WebSocket of the platform's. */
const itself: readonly string[] = [
  "webSocket.headers",
  "webSocket.perMessageDeflate",
  "webSocket.maxPayloadBytes",
  "WebSocket",
];

/** What is the affair of whoever dials. */
const dialled: readonly string[] = ["socket", "tls", "proxy"];

/**
 * MQTT over WebSocket on Node: the schemes `ws:` and `wss:`. It understands all of `webSocket`; TLS is as Node has it by
 * default. The options `tls`, `proxy` and `socket` take somebody who dials: `createNodeWebSocket`.
 */
export const webSocket: Transport = webSocketTransport(
  nodeOpener(),
  "by this transport alone: see createNodeWebSocket",
  itself,
);

/**
 * MQTT over WebSocket on Node, on sockets that `dial` has connected: the schemes `ws:` and `wss:`. It understands all of
 * `webSocket`; `tls`, `proxy` and `socket` are what `dial` makes of them, which for `wss:` also sees to TLS.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { connect } from "node:net";
 * import { createNodeWebSocket } from "@rivulet/websocket/node";
 *
 * const webSocket = createNodeWebSocket(async ({ url, hostname, port }) => {
 *   const socket = connect(port, hostname);
 *   await once(socket, "connect");
 *   return { socket, info: { transport: "tcp", url } };
 * });
 * console.log(webSocket.schemes); // ["ws:", "wss:"]
 * ```
 */
export function createNodeWebSocket(dial: Dial): Transport {
  return webSocketTransport(nodeOpener(dial), "on Node", [...itself, ...dialled]);
}
