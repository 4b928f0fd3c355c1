import type { Transport } from "@rivulet/engine";
import { openPlatformWebSocket } from "./open-platform-web-socket.ts";
import { findWebSocketStream } from "./open-web-socket-stream.ts";
import { webSocketTransport } from "./web-socket-transport.ts";

/**
 * MQTT over WebSocket in Deno: the schemes `ws:` and `wss:`. It understands `webSocket.protocols`. With the flag
 * `--unstable-net` a reader that does not read stalls the server; without it, such a connection ends at a limit.
 */
export const webSocket: Transport = webSocketTransport((target, options, context) => {
  const open = findWebSocketStream() ?? openPlatformWebSocket;
  return open(target, options, context);
}, "in Deno");
