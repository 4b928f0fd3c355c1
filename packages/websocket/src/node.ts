import type { Transport } from "@rivulet/engine";
import { openNodeWebSocket } from "./open-node-web-socket.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/**
 * MQTT over WebSocket on Node: the schemes `ws:` and `wss:`. It understands `webSocket.protocols` and
 * `webSocket.headers`.
 */
export const webSocket: Transport = webSocketTransport(openNodeWebSocket);
