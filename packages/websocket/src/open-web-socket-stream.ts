import { TransportError, type Duplex, type TransportTarget } from "@rivulet/engine";
import { readableHighWaterMarkBytes } from "./limits.ts";
import { createMessageDuplex, type MessageDuplex, type MessageSocket } from "./message-duplex.ts";
import { closedError, constructionError, subprotocolError } from "./web-socket-errors.ts";
import type { OpenWebSocket } from "./web-socket-transport.ts";

/** What is used of WebSocketStream, which the type libraries do not have yet. */
interface WebSocketStream {
  readonly opened: Promise<{
    readonly readable: ReadableStream<unknown>;
    readonly writable: WritableStream<Uint8Array>;
    readonly protocol: string;
  }>;
  /** Rejects when there was no closing handshake. */
  readonly closed: Promise<{ readonly closeCode?: number; readonly reason?: string }>;
  close(info?: { readonly closeCode?: number; readonly reason?: string }): void;
}

type WebSocketStreamConstructor = new (
  url: string,
  options: { protocols: string[]; signal: AbortSignal },
) => WebSocketStream;

/** How to open a WebSocketStream, where the platform has it: a WebSocket with back-pressure both ways. */
export function findWebSocketStream(): OpenWebSocket | undefined {
  const { WebSocketStream: create } = globalThis as { WebSocketStream?: WebSocketStreamConstructor };
  if (create === undefined) return undefined;
  return (target, { webSocket: { protocols } }, { signal }) =>
    openWebSocketStream(create, target, { protocols, signal });
}

/** The signal matters until it is open. */
async function openWebSocketStream(
  create: WebSocketStreamConstructor,
  { url, address }: TransportTarget,
  options: { readonly protocols: readonly string[]; readonly signal: AbortSignal },
): Promise<Duplex> {
  const { protocols, signal } = options;
  // A signal of our own, which ends with the attempt.
  const attempt = new AbortController();
  const onAbort = (): void => {
    attempt.abort();
  };
  signal.addEventListener("abort", onAbort);
  try {
    const stream = new create(url, { protocols: [...protocols], signal: attempt.signal });
    stream.closed.catch(ignore); // Looked at once it is open; before that `opened` says the same.
    const { readable, writable, protocol } = await stream.opened;
    if (signal.aborted || !protocols.includes(protocol)) {
      stream.close();
      signal.throwIfAborted();
      // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]; not every platform checks it.
      throw subprotocolError(address, protocols, protocol);
    }
    const socket = new StreamMessageSocket(stream, readable.getReader(), writable.getWriter());
    const duplex = createMessageDuplex(socket, { transport: "websocket", url: address, subprotocol: protocol });
    socket.deliverTo(duplex);
    return duplex;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof TransportError) throw cause;
    throw constructionError(address, cause as Error);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

class StreamMessageSocket implements MessageSocket {
  readonly readableBytes = readableHighWaterMarkBytes;
  readonly #stream: WebSocketStream;
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #paused = false;
  #wake: (() => void) | undefined;

  constructor(
    stream: WebSocketStream,
    reader: ReadableStreamDefaultReader<unknown>,
    writer: WritableStreamDefaultWriter<Uint8Array>,
  ) {
    this.#stream = stream;
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Starts to read. A clean close is told of after the last message, a lost connection at once. */
  deliverTo(duplex: MessageDuplex): void {
    const lost = (cause: unknown): void => {
      const error = cause as Error & { readonly closeCode?: number | null; readonly reason?: string };
      duplex.abort(closedError(duplex.info.url, error.closeCode ?? 1006, error.reason ?? "", error));
    };
    this.#stream.closed.catch(lost);
    this.#read(duplex).catch(lost);
  }

  send(chunk: Uint8Array, done: () => void): void {
    this.#writer.write(chunk).then(done, ignore); // `closed` says what went wrong.
  }

  close(over: boolean): void {
    this.#stream.close({ closeCode: 1000 });
    if (!over) return;
    this.setReading(true);
    this.#reader.cancel().catch(ignore);
    this.#writer.abort().catch(ignore);
  }

  setReading(on: boolean): void {
    this.#paused = !on;
    if (on) this.#wake?.();
  }

  async #read(duplex: MessageDuplex): Promise<void> {
    for (;;) {
      if (this.#paused) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const { done, value } = await this.#reader.read();
      if (done) break;
      duplex.receive(value instanceof Uint8Array ? value : undefined);
    }
    const { closeCode, reason } = await this.#stream.closed;
    duplex.abort(closedError(duplex.info.url, closeCode ?? 1005, reason ?? ""));
  }
}

function ignore(): void {}
