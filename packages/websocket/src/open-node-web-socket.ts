import WebSocket from "isomorphic-ws";
import type { ConnectionInfo, Duplex, TransportTarget, WebSocketOptions } from "@rivulet/engine";
import { maximumMessageBytes, outboundHighWaterMarkBytes } from "./limits.ts";
import { createMessageDuplex, type MessageSocket } from "./message-duplex.ts";
import {
  closedError,
  connectionError,
  constructionError,
  invalidOption,
  subprotocolError,
} from "./web-socket-errors.ts";

/** Opens a WebSocket on Node. The signal matters until it is open. */
export function openNodeWebSocket(
  { url, address }: TransportTarget,
  options: Required<WebSocketOptions>,
  signal: AbortSignal,
): Promise<Duplex> {
  const socket = createSocket({ url, address }, options);
  return new Promise((resolve, reject) => {
    let info: ConnectionInfo = { transport: "websocket", url: address };
    /** Why the attempt fails, where more is known than the library's message. */
    let known: Error | undefined;
    /** What the TCP connection said; the library keeps it to itself. */
    let cause: Error | undefined;
    const onAbort = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.terminate();
      const reason: unknown = signal.reason;
      reject(reason);
    };
    const onConnectError = (error: Error): void => {
      signal.removeEventListener("abort", onAbort);
      reject(known ?? connectionError(address, error.message, { cause: error }));
    };
    signal.addEventListener("abort", onAbort);
    socket.on("error", onConnectError);
    socket.on("unexpected-response", (_request, response) => {
      known = connectionError(address, `the server answered with the HTTP status ${response.statusCode ?? "?"}`);
      socket.terminate();
    });
    socket.on("upgrade", (response) => {
      const chosen = response.headers["sec-websocket-protocol"];
      // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]
      if (chosen === undefined || !options.protocols.includes(chosen)) {
        known = subprotocolError(address, options.protocols, chosen ?? "");
      }
      const { localAddress, localPort, remoteAddress, remotePort } = response.socket;
      info = { ...info, localAddress, localPort, remoteAddress, remotePort, subprotocol: chosen };
      response.socket.once("error", (error) => {
        cause = error;
      });
    });
    socket.on("open", () => {
      signal.removeEventListener("abort", onAbort);
      const duplex = createMessageDuplex(messageSocket(socket), info);
      socket.off("error", onConnectError);
      socket.on("error", (error) => {
        duplex.abort(connectionError(address, error.message, { cause: error }));
      });
      socket.on("message", (data, isBinary) => {
        duplex.receive(isBinary ? plainView(data as Buffer) : undefined);
      });
      socket.on("close", (code, reason) => {
        duplex.abort(closedError(address, code, reason.toString(), cause));
      });
      resolve(duplex);
    });
  });
}

function createSocket(
  { url, address }: Pick<TransportTarget, "url" | "address">,
  { protocols, headers }: Required<WebSocketOptions>,
): WebSocket {
  try {
    return new WebSocket(url, [...protocols], {
      headers: { ...headers },
      // Each compressed connection holds about 300 KiB, and an MQTT packet is mostly short.
      perMessageDeflate: false,
      maxPayload: maximumMessageBytes,
    });
  } catch (cause) {
    if (cause instanceof TypeError && Object.keys(headers).length > 0) throw invalidOption("headers", cause);
    throw constructionError(address, cause as Error);
  }
}

function messageSocket(socket: WebSocket): MessageSocket {
  return {
    send(chunk, done) {
      const fits = socket.bufferedAmount + chunk.byteLength <= outboundHighWaterMarkBytes;
      socket.send(chunk, (error) => {
        if (!fits && !error) done(); // After an error comes `close`.
      });
      if (fits) done();
    },
    close(over) {
      if (over) socket.terminate();
      else socket.close(1000);
    },
    setReading(on) {
      if (on) socket.resume();
      else socket.pause();
    },
  };
}

/** The same bytes as a plain view, so that nobody meets the other behaviour of Buffer's slice() and toString(). */
function plainView(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
