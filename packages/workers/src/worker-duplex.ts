/**
 * A `Duplex` over a socket of Workers.
 *
 * The socket has streams of its own; these stand around them, for errors that say which connection was lost, for an end
 * of each direction by itself, and for an `abort` that does not wait for a write. The socket is read only when `readable`
 * asks, and a write settles when the socket has taken it.
 */

import type { Socket } from "cloudflare:sockets";
import { TransportError, type ConnectionInfo, type Duplex } from "@rivulet/engine";
import { readableHighWaterMarkBytes, writableHighWaterMarkBytes } from "./limits.ts";
import { lostError } from "./socket-errors.ts";

export class WorkerDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly info: ConnectionInfo;
  readonly closed: Promise<void>;

  readonly #socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #address: string;
  // The next four are set by the constructor, within which start() and the promise's executor run.
  #source!: ReadableStreamDefaultController<Uint8Array>;
  #sink!: WritableStreamDefaultController;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: TransportError) => void;
  /** Ends a write that may wait for ever. */
  #rejectWrite: (error: TransportError) => void = ignore;
  #reading: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;
  #inputOver = false;
  #outputOver = false;
  #over = false;
  #failure: TransportError | undefined;

  /** Takes over a socket that has just been opened. `address` is for messages. */
  constructor(socket: Socket, address: string, info: ConnectionInfo) {
    this.#socket = socket;
    this.#address = address;
    this.info = info;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.#reader.closed.catch(ignore);
    this.#writer.closed.catch(ignore);
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    this.closed.catch(ignore);
    this.readable = this.#createReadable();
    this.writable = this.#createWritable();
    // While nothing is read or written, nothing else tells of a loss.
    socket.closed.catch((cause: unknown) => {
      this.#fail(lostError(this.#address, cause));
    });
  }

  abort(reason?: unknown): void {
    this.#fail(
      reason instanceof TransportError
        ? reason
        : new TransportError(`The connection to ${this.#address} was aborted`, { cause: reason }),
    );
  }

  #createReadable(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#source = controller;
        },
        pull: () => this.#read(),
        cancel: () => {
          void this.#discard();
        },
      },
      { highWaterMark: readableHighWaterMarkBytes, size: byteLength },
    );
  }

  #createWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#sink = controller;
          // Not through abort() of this sink: it is called only once a stalled write has settled, which may be never.
          controller.signal.addEventListener("abort", () => {
            this.abort(controller.signal.reason);
          });
        },
        write: (chunk) => (chunk.byteLength === 0 ? undefined : this.#settle(this.#writer.write(chunk))),
        close: async () => {
          await this.#settle(this.#writer.close());
          this.#outputOver = true;
          this.#endIfBothOver();
        },
      },
      { highWaterMark: writableHighWaterMarkBytes, size: byteLength },
    );
  }

  /** The runtime bears one read at a time. */
  #next(): Promise<ReadableStreamReadResult<Uint8Array>> {
    this.#reading ??= this.#reader.read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#next();
      if (this.#inputOver) return;
      if (!done) {
        this.#source.enqueue(value);
        return;
      }
      this.#source.close();
      this.#inputOver = true;
      this.#endIfBothOver();
    } catch (cause) {
      this.#fail(lostError(this.#address, cause));
    }
  }

  /** Reads and drops the rest: unread bytes would turn our end into a reset. */
  async #discard(): Promise<void> {
    this.#inputOver = true;
    this.#endIfBothOver();
    try {
      while (!this.#over && !(await this.#next()).done);
    } catch (cause) {
      this.#fail(lostError(this.#address, cause));
    }
  }

  /** Follows the socket, unless the connection fails before. */
  #settle(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejectWrite = reject;
      work.then(resolve, (cause: unknown) => {
        reject(this.#fail(lostError(this.#address, cause)));
      });
    });
  }

  #endIfBothOver(): void {
    if (!this.#inputOver || !this.#outputOver || this.#over) return;
    this.#over = true;
    this.#socket.close().catch(ignore);
    this.#resolveClosed();
  }

  /** Returns the error that the connection ended with: the first one. */
  #fail(error: TransportError): TransportError {
    if (this.#over) return this.#failure ?? error;
    this.#failure = error;
    this.#over = true;
    this.#inputOver = true;
    this.#source.error(error);
    if (!this.#sink.signal.aborted) this.#sink.error(error);
    this.#rejectWrite(error);
    this.#rejectClosed(error);
    // And nothing else: seen in workerd, a socket whose streams have been ended does not close any more.
    this.#socket.close().catch(ignore);
    return error;
  }
}

function byteLength(chunk: Uint8Array): number {
  return chunk.byteLength;
}

function ignore(): void {}
