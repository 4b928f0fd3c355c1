import type { Transport } from "@rivulet/engine";
import { openFetchedWebSocket } from "./open-fetched-web-socket.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/**
 * MQTT over WebSocket in Cloudflare Workers: the schemes `ws:` and `wss:`, through `fetch`. It understands
 * `webSocket.protocols` and `webSocket.headers`.
 */
export const webSocket: Transport = webSocketTransport(openFetchedWebSocket, "in Cloudflare Workers", [
  "webSocket.headers",
  "WebSocket",
]);
