import {
  UnsupportedError,
  type Duplex,
  type Transport,
  type TransportTarget,
  type WebSocketOptions,
} from "@rivulet/engine";
import { invalidOption } from "./web-socket-errors.ts";

/** Opens a WebSocket. The signal matters until it is open; when it is aborted, the promise rejects with its reason. */
export type OpenWebSocket = (
  target: TransportTarget,
  options: Required<WebSocketOptions>,
  signal: AbortSignal,
) => Promise<Duplex>;

/**
 * MQTT over WebSocket: the schemes `ws:` and `wss:`. With `where`, such as `"in browsers"`, it is the platform's own
 * WebSocket that is opened: it sends no headers, and may be missing.
 */
export function webSocketTransport(open: OpenWebSocket, where?: string): Transport {
  return {
    schemes: ["ws:", "wss:"],
    open: async (target, { webSocket = {} }, context) => {
      // [MQTT-6.0.0-3] [MQTT311-6.0.0-3]. What is no name of a subprotocol, and what is there twice, the WebSocket itself
      // finds.
      const { protocols = ["mqtt"], headers = {}, ...others } = webSocket;
      for (const name in others) throw invalidOption(name);
      if (!protocols.length) throw invalidOption("protocols");
      if (where) {
        const missing = Object.keys(headers).length ? "webSocket.headers" : !globalThis.WebSocket && "WebSocket";
        if (missing) throw new UnsupportedError(missing, `${missing} is not supported ${where}`);
      }
      context.signal.throwIfAborted();
      context.report("connecting");
      const duplex = await open(target, { protocols, headers }, context.signal);
      context.report("connected");
      return duplex;
    },
  };
}
