import type { Transport } from "@rivulet/engine";
import { openPlatformWebSocket } from "./open-platform-web-socket.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/**
 * MQTT over WebSocket in browsers: the schemes `ws:` and `wss:`. It understands `webSocket.protocols`.
 *
 * Chromium's WebSocketStream is not used, although it can be paused: seen in Chromium 156, a page crashes when a
 * connection is lost while a write to it is waiting.
 */
export const webSocket: Transport = webSocketTransport(openPlatformWebSocket, "in browsers");
