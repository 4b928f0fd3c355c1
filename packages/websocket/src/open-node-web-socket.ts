import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type WebSocket from "isomorphic-ws";
import type { ConnectionInfo, Duplex, TransportContext, TransportTarget } from "@rivulet/engine";
import type { Dial } from "./dial.ts";
import { maximumMessageBytes, outboundHighWaterMarkBytes, readableHighWaterMarkBytes } from "./limits.ts";
import { createMessageDuplex, type MessageSocket } from "./message-duplex.ts";
import {
  closedError,
  connectionError,
  constructionError,
  invalidOption,
  subprotocolError,
} from "./web-socket-errors.ts";
import type { OpenOptions, OpenWebSocket } from "./web-socket-transport.ts";

/** How an `http.ClientRequest` asks for its connection. The library passes it on, and types it as `net.connect`. */
type CreateConnection = (options: unknown, done: (error: null, socket: Socket) => void) => undefined;

/** Opens WebSockets on Node: on sockets that `dial` connects, or else on those that the library makes itself. */
export function nodeOpener(dial?: Dial): OpenWebSocket {
  return (target, options, context) => new Handshake(target, options, context).run(dial);
}

/** From nothing to an open WebSocket, or to nothing again. The signal matters until it is open. */
class Handshake {
  readonly #target: TransportTarget;
  readonly #options: OpenOptions;
  readonly #context: TransportContext;
  // These three are set by run().
  #resolve!: (duplex: Duplex) => void;
  #reject!: (reason: unknown) => void;
  #socket!: WebSocket;
  #info: ConnectionInfo;
  /** What the socket said; the library keeps it to itself. */
  #cause: Error | undefined;
  /** Never rejects. */
  #dialling: Promise<void> | undefined;
  #isOver = false;

  constructor(target: TransportTarget, options: OpenOptions, context: TransportContext) {
    this.#target = target;
    this.#options = options;
    this.#context = context;
    this.#info = { transport: "websocket", url: target.address };
  }

  async run(dial: Dial | undefined): Promise<Duplex> {
    const { signal } = this.#context;
    // It takes as long to load as all else together, and many never need it.
    const { default: create } = await import("isomorphic-ws");
    signal.throwIfAborted();
    const onAbort = (): void => {
      this.#fail(signal.reason);
    };
    const opening = new Promise<Duplex>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#socket = createSocket(create, this.#target, this.#options.webSocket, dial && this.#connectThrough(dial));
    this.#socket.on("error", (error) => {
      this.#fail(this.#error(error.message === "read ECONNRESET" ? reset : explain(error), error));
    });
    this.#socket.on("unexpected-response", (_request, { statusCode = "?" }) => {
      const why = `the server answered with the HTTP status ${statusCode}`;
      this.#fail(connectionError(this.#target.address, why, { failure: "upgrade" }));
    });
    this.#socket.on("upgrade", (response) => {
      this.#upgrade(response);
    });
    this.#socket.on("open", () => {
      this.#open();
    });
    signal.addEventListener("abort", onAbort);
    try {
      return await opening;
    } finally {
      signal.removeEventListener("abort", onAbort);
      await this.#dialling; // Which is as quick to give up.
    }
  }

  /** Connects when the library asks for it, which it does when headers and subprotocols are right. */
  #connectThrough(dial: Dial): CreateConnection {
    return (_options, done) => {
      // What begins and ends the attempt is the WebSocket's to tell.
      const report: TransportContext["report"] = (status, about, reached) => {
        if (status !== "connecting" && status !== "connected") this.#context.report(status, about, reached);
      };
      const dialling = dial(this.#target, this.#options, { ...this.#context, report });
      this.#dialling = dialling.then(
        ({ socket, info }) => {
          this.#watch(socket);
          if (this.#isOver) {
            socket.destroy();
            return;
          }
          this.#info = { ...info, ...this.#info };
          const onClose = (): void => {
            this.#fail(this.#error(unanswered, this.#cause));
          };
          socket.once("close", onClose);
          if (socket.destroyed) onClose();
          else done(null, socket);
        },
        (error: unknown) => {
          this.#fail(error);
        },
      );
      return undefined;
    };
  }

  #watch(socket: Socket): void {
    socket.once("error", (error) => {
      this.#cause = error;
    });
  }

  #upgrade({ socket, headers }: IncomingMessage): void {
    const { protocols } = this.#options.webSocket;
    const subprotocol = headers["sec-websocket-protocol"];
    // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]
    if (subprotocol === undefined || !protocols.includes(subprotocol)) {
      socket.destroy();
      this.#fail(subprotocolError(this.#target.address, protocols, subprotocol ?? ""));
      return;
    }
    // The library sets it as it does for every socket.
    if (this.#options.socket?.noDelay === false && "setNoDelay" in socket) {
      this.#socket.once("open", () => socket.setNoDelay(false));
    }
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    this.#info = { localAddress, localPort, remoteAddress, remotePort, ...this.#info, subprotocol };
    this.#watch(socket);
  }

  /** In the turn of the event, so that none of the next is missed. */
  #open(): void {
    this.#isOver = true;
    const socket = this.#socket;
    const duplex = createMessageDuplex(messageSocket(socket, this.#options), this.#info);
    socket.removeAllListeners("error");
    socket.on("error", (error) => {
      duplex.abort(this.#error(explain(error), error));
    });
    socket.on("message", (data, isBinary) => {
      duplex.receive(isBinary ? plainView(data as Buffer) : undefined);
    });
    socket.on("close", (code, reason) => {
      duplex.abort(closedError(this.#target.address, code, reason.toString(), this.#cause));
    });
    this.#resolve(duplex);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reject(error);
    this.#socket.terminate();
  }

  #error(why: string, cause?: Error): Error {
    return connectionError(this.#target.address, why, { cause });
  }
}

function createSocket(
  create: typeof WebSocket,
  { url, address, scheme }: TransportTarget,
  {
    protocols,
    headers = {},
    perMessageDeflate = false,
    maxPayloadBytes = maximumMessageBytes,
  }: OpenOptions["webSocket"],
  createConnection: CreateConnection | undefined,
): WebSocket {
  if (typeof perMessageDeflate !== "boolean") throw invalidOption("perMessageDeflate");
  // The library takes 0 for no limit, and keeps it in 32 bits.
  if (!(Number.isInteger(maxPayloadBytes) && maxPayloadBytes > 0 && maxPayloadBytes <= 0x7fffffff)) {
    throw invalidOption("maxPayloadBytes");
  }
  // What has been dialled has TLS on it already.
  const isSecured = createConnection !== undefined && scheme === "wss:";
  try {
    return new create(isSecured ? url.replace(/^wss:/i, "ws:") : url, [...protocols], {
      headers: { Host: new URL(url).host, ...headers },
      perMessageDeflate,
      maxPayload: maxPayloadBytes,
      ...(createConnection && { createConnection: createConnection as never }),
    });
  } catch (cause) {
    if (cause instanceof TypeError && Object.keys(headers).length > 0) throw invalidOption("headers", cause);
    throw constructionError(address, cause as Error);
  }
}

const unanswered = "the server closed the connection before it answered";
const reset = "the server reset the connection before it answered: wrong port or scheme?";

/** What a message of Node's or the library's means, where it does not say so itself. */
function explain(error: Error & { readonly code?: string }): string {
  if (error.message === "socket hang up") return unanswered;
  if (error.code?.startsWith("HPE_")) return "the server's answer is not HTTP";
  if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return "a message is larger than webSocket.maxPayloadBytes";
  return error.message;
}

function messageSocket(socket: WebSocket, { socket: options = {} }: OpenOptions): MessageSocket {
  const { sendBufferBytes = outboundHighWaterMarkBytes, receiveBufferBytes = readableHighWaterMarkBytes } = options;
  return {
    readableBytes: receiveBufferBytes,
    send(chunk, done) {
      const fits = socket.bufferedAmount + chunk.byteLength <= sendBufferBytes;
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
