import type { Transport } from "@rivulet/engine";
import { openPlatformWebSocket } from "./open-platform-web-socket.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/** MQTT over WebSocket in Cloudflare Workers: the schemes `ws:` and `wss:`. It understands `webSocket.protocols`. */
export const webSocket: Transport = webSocketTransport(openPlatformWebSocket, "in Cloudflare Workers");
