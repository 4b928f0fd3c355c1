/**
 * A `Duplex` over anything that carries binary messages both ways: what the adapters for Node, for a platform's own
 * WebSocket and for WebSocketStream have in common. It is in every browser bundle, so it is kept short.
 *
 * A WebSocket has no half-close: the connection is open until either side closes it, and then over in both directions.
 * Closing `writable` starts the closing handshake; what the server still sends before its own close is delivered. The
 * first call of `abort`, by whomever, is the end; after it nothing reaches the streams any more.
 */

import { TransportError, type ConnectionInfo, type Duplex } from "@rivulet/engine";
import { inboundLimitBytes } from "./limits.ts";
import { connectionError } from "./web-socket-errors.ts";

/** What an adapter can do. None of these throws. */
export interface MessageSocket {
  /** Sends one binary message, and calls `done` when the next may be sent; never when the connection ends before. */
  send(chunk: Uint8Array, done: () => void): void;
  /** Starts the closing handshake, after what was sent; when all is `over`, ends as fast as it can and frees all. */
  close(over: boolean): void;
  /** Starts and stops reading from the network, where the platform can. Twice is as good as once. */
  setReading?(on: boolean): void;
  /** Bytes that may wait in `readable`. */
  readonly readableBytes?: number;
}

/** A `Duplex`, and what its adapter tells it. */
export interface MessageDuplex extends Duplex {
  /** A message has come: its bytes, or `undefined` when it is text. */
  receive(bytes: Uint8Array | undefined): void;
  /**
   * The connection has ended. A TransportError with the close code 1000, or with 1005 for none, is no
   * complaint: then only writing fails with it, and reading and `closed` end in good order.
   */
  readonly abort: (reason?: unknown) => void;
}

export function createMessageDuplex(socket: MessageSocket, info: ConnectionInfo): MessageDuplex {
  // These four are set within the constructors that they are for.
  let source!: ReadableStreamDefaultController<Uint8Array>;
  let sink!: WritableStreamDefaultController;
  let resolveClosed!: () => void;
  let rejectClosed!: (error: unknown) => void;
  let rejectWrite: (error: unknown) => void = ignore;
  let cancelled = false;
  let over = false;

  const abort = (reason?: unknown): void => {
    if (over) return;
    over = true;
    const error = reason instanceof TransportError ? reason : connectionError(info.url, "aborted", { cause: reason });
    if (error.closeCode === 1000 || error.closeCode === 1005) {
      if (!cancelled) source.close();
    } else {
      source.error(error);
      rejectClosed(error);
    }
    resolveClosed(); // Does nothing after the rejection.
    rejectWrite(error);
    // A stream that is being aborted errors by itself; Node 20 breaks when it is told to in the middle of it.
    if (!sink.signal.aborted) sink.error(error);
    socket.close(over);
  };

  const closed = new Promise<void>((resolve, reject) => {
    resolveClosed = resolve;
    rejectClosed = reject;
  });
  closed.catch(ignore);

  const highWaterMark = socket.readableBytes ?? inboundLimitBytes;
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source = controller;
      },
      pull: () => socket.setReading?.(true),
      cancel() {
        cancelled = true;
        socket.setReading?.(true); // What comes is dropped, but for the server's close.
      },
    },
    { highWaterMark, size: (chunk) => chunk.byteLength },
  );

  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      sink = controller;
      // Not through abort() of this sink: it is called only once a stalled write has settled, which may be never.
      sink.signal.onabort = () => abort(sink.signal.reason);
    },
    write: (chunk) =>
      new Promise((resolve, reject) => {
        rejectWrite = reject;
        if (chunk.byteLength) socket.send(chunk, resolve);
        else resolve();
      }),
    close: () => socket.close(over),
  });

  const receive = (bytes: Uint8Array | undefined): void => {
    if (over) return;
    const room = source.desiredSize!; // It is null only after the end.
    // [MQTT-6.0.0-1] [MQTT311-6.0.0-1]
    if (!bytes) abort(connectionError(info.url, "the server sent text"));
    else if (cancelled || !bytes.byteLength) return;
    // A single message is always taken when nothing else waits.
    else if (!socket.setReading && room < highWaterMark && room < bytes.byteLength) {
      abort(connectionError(info.url, "too many bytes wait to be read"));
    } else {
      source.enqueue(bytes); // However packets lie in it [MQTT-6.0.0-2] [MQTT311-6.0.0-2].
      // Null only after the end, as above.
      if (source.desiredSize! <= 0) socket.setReading?.(false);
    }
  };

  return { readable, writable, info, closed, abort, receive };
}

function ignore(): void {}
