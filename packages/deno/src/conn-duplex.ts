/**
 * A `Duplex` over a connection of Deno.
 *
 * The two directions end independently: input is over when the server has ended its side (or the reader has cancelled),
 * output is over when the writer has closed. The connection is over, and closed, when both are, or at once when either
 * fails; `closed` settles then. The socket is read only when `readable` asks, and a write settles when the system has
 * taken all of it, so nothing waits here but what the streams hold.
 */

import { TransportError, type ConnectionInfo, type Duplex } from "@rivulet/engine";
import { lostError, tlsAlertError, unansweredError } from "./conn-errors.ts";
import { readBufferBytes } from "./limits.ts";
import type { ResolvedSocketOptions } from "./socket-options.ts";

type Buffers = Pick<ResolvedSocketOptions, "sendBufferBytes" | "receiveBufferBytes">;

export class ConnDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly info: ConnectionInfo;
  readonly closed: Promise<void>;

  readonly #conn: Deno.Conn;
  readonly #address: string;
  readonly #buffer = new Uint8Array(readBufferBytes);
  // The next four are set by the constructor, within which start() and the promise's executor run.
  #source!: ReadableStreamDefaultController<Uint8Array>;
  #sink!: WritableStreamDefaultController;
  #resolveClosed!: () => void;
  #rejectClosed!: (error: TransportError) => void;
  /** Whether something has come, or need not be looked at. */
  #isAnswered: boolean;
  #inputOver = false;
  #outputOver = false;
  #over = false;
  #failure: TransportError | undefined;

  /** Takes over a connection that has just been made. `address` is for messages. */
  constructor(conn: Deno.Conn, address: string, info: ConnectionInfo, options: Buffers) {
    this.#conn = conn;
    this.#address = address;
    this.info = info;
    this.#isAnswered = info.transport !== "tcp";
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    this.closed.catch(ignore);
    this.readable = this.#createReadable(options.receiveBufferBytes);
    this.writable = this.#createWritable(options.sendBufferBytes);
  }

  abort(reason?: unknown): void {
    this.#fail(
      reason instanceof TransportError
        ? reason
        : new TransportError(`The connection to ${this.#address} was aborted`, { cause: reason }),
    );
  }

  #createReadable(highWaterMark: number): ReadableStream<Uint8Array> {
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
      { highWaterMark, size: byteLength },
    );
  }

  #createWritable(highWaterMark: number): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#sink = controller;
          // Not through abort() of this sink: it is called only once a stalled write has settled, which may be never.
          controller.signal.addEventListener("abort", () => {
            this.abort(controller.signal.reason);
          });
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#end(),
      },
      { highWaterMark, size: byteLength },
    );
  }

  async #read(): Promise<void> {
    try {
      const count = await this.#conn.read(this.#buffer);
      if (this.#inputOver) return;
      if (count !== null && !this.#isAnswered) {
        this.#isAnswered = true;
        const error = tlsAlertError(this.#address, this.#buffer.subarray(0, count));
        if (error !== undefined) {
          this.#fail(error);
          return;
        }
      }
      // Copied, so that a message that is kept does not keep the whole buffer.
      if (count !== null) {
        this.#source.enqueue(this.#buffer.slice(0, count));
        return;
      }
      this.#source.close();
      this.#inputOver = true;
      this.#endIfBothOver();
    } catch (cause) {
      this.#fail((this.#isAnswered ? lostError : unansweredError)(this.#address, cause));
    }
  }

  /** Reads and drops the rest: unread bytes would turn our end into a reset. */
  async #discard(): Promise<void> {
    this.#inputOver = true;
    this.#endIfBothOver();
    try {
      while (!this.#over && (await this.#conn.read(this.#buffer)) !== null);
    } catch (cause) {
      this.#fail(lostError(this.#address, cause));
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    try {
      for (let offset = 0; offset < chunk.byteLength;) offset += await this.#conn.write(chunk.subarray(offset));
    } catch (cause) {
      throw this.#fail(lostError(this.#address, cause));
    }
  }

  async #end(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch (cause) {
      throw this.#fail(lostError(this.#address, cause));
    }
    this.#outputOver = true;
    this.#endIfBothOver();
  }

  #endIfBothOver(): void {
    if (!this.#inputOver || !this.#outputOver || this.#over) return;
    this.#over = true;
    this.#conn.close();
    this.#resolveClosed();
  }

  /** Returns the error that the connection ended with: the first one. */
  #fail(error: TransportError): TransportError {
    if (this.#over) return this.#failure ?? error;
    this.#failure = error;
    this.#over = true;
    this.#inputOver = true;
    this.#source.error(error);
    this.#sink.error(error);
    this.#rejectClosed(error);
    this.#conn.close();
    return error;
  }
}

function byteLength(chunk: Uint8Array): number {
  return chunk.byteLength;
}

function ignore(): void {}
