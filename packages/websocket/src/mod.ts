import type { Transport } from "@rivulet/engine";
import { openPlatformWebSocket } from "./open-platform-web-socket.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/** MQTT over WebSocket in any place that has a global WebSocket: the schemes `ws:` and `wss:`. It understands `webSocket.protocols`. */
export const webSocket: Transport = webSocketTransport(openPlatformWebSocket, "on this platform");
