import {
  UnsupportedError,
  type Duplex,
  type Transport,
  type TransportContext,
  type TransportOptions,
  type TransportTarget,
  type WebSocketOptions,
} from "@rivulet/engine";
import { invalidOption } from "./web-socket-errors.ts";

/** The options that a WebSocket is opened with: none is unknown or refused, and there are subprotocols. */
export interface OpenOptions extends TransportOptions {
  readonly webSocket: WebSocketOptions & { readonly protocols: readonly string[] };
}

/** Opens a WebSocket. The signal matters until it is open; when it is aborted, the promise rejects with its reason. */
export type OpenWebSocket = (
  target: TransportTarget,
  options: OpenOptions,
  context: TransportContext,
) => Promise<Duplex>;

/** The options in `webSocket` beside `protocols`. */
const own: readonly string[] = ["headers", "perMessageDeflate", "maxPayloadBytes"];

/**
 * MQTT over WebSocket: the schemes `ws:` and `wss:`. What is asked for beyond subprotocols, and is not in `supported`,
 * is refused with the name of the platform, such as `"in browsers"`. A `WebSocket` of the platform's own is asked for
 * unless it is in there too.
 */
export function webSocketTransport(open: OpenWebSocket, where: string, supported: readonly string[] = []): Transport {
  return {
    schemes: ["ws:", "wss:"],
    open: async (target, { webSocket = {}, ...options }, context) => {
      // [MQTT-6.0.0-3] [MQTT311-6.0.0-3]. What is no name of a subprotocol, and what is there twice, the WebSocket itself
      // finds.
      const { protocols = ["mqtt"], ...others } = webSocket;
      const asked: Record<string, unknown> = { ...options, WebSocket: globalThis.WebSocket ? undefined : open };
      for (const [name, value] of Object.entries(others)) {
        if (!own.includes(name)) throw invalidOption(name);
        asked[`webSocket.${name}`] = value;
      }
      if (!protocols.length) throw invalidOption("protocols");
      for (const name in asked) {
        if (asked[name] !== undefined && !supported.includes(name)) {
          throw new UnsupportedError(name, `${name} is not supported ${where}`);
        }
      }
      context.report("connecting");
      context.signal.throwIfAborted(); // Whoever is told so may abort.
      const duplex = await open(target, { ...options, webSocket: { ...webSocket, protocols } }, context);
      // Whoever dials has told of it.
      if (target.scheme === "wss:" && !supported.includes("tls")) context.report("secured", undefined, "tls");
      context.report("connected", undefined, "host");
      return duplex;
    },
  };
}
