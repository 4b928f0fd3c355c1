/**
 * A `Duplex` over a connected Node socket.
 *
 * The two directions end independently: input is over when the server has ended its side (or the reader has cancelled),
 * output is over when the writer has closed and everything is flushed. The connection is over when both are and the
 * socket has closed, or at once when it fails; `closed` settles then. After a failure nothing reaches the streams any
 * more.
 *
 * What is written before the process turns to something else leaves in one call of the system, up to a limit. With what
 * reaches it, a write waits for a turn of the event loop: a program that awaits one write after the other would otherwise
 * keep all others, and its own reading, waiting for as long as the socket takes more.
 *
 * Adapters that Node brings (`toWeb`) cost two to three times as much; this one does per chunk what it must and no more.
 */

import type { Duplex as NodeDuplex } from "node:stream";
import { TransportError, type ConnectionInfo, type Duplex } from "@rivulet/engine";
import {
  gatheredBytesLimit,
  readableHighWaterMarkBytes,
  unpausableLimitBytes,
  writableHighWaterMarkBytes,
} from "./limits.ts";
import { lostError, unreadError } from "./socket-errors.ts";

/** What of the options for sockets is this class's to see to. */
export interface SocketDuplexOptions {
  /** What `setLinger` has made of the socket. */
  readonly linger: false | number | undefined;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  /** Whether the socket reads on while it is paused. Default: no. */
  readonly isUnpausable?: boolean;
}

const defaults: SocketDuplexOptions = {
  linger: undefined,
  sendBufferBytes: writableHighWaterMarkBytes,
  receiveBufferBytes: readableHighWaterMarkBytes,
};

interface Settle {
  resolve(): void;
  reject(error: TransportError): void;
}

export class SocketDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly info: ConnectionInfo;
  readonly closed: Promise<void>;

  readonly #socket: NodeDuplex;
  readonly #address: string;
  readonly #linger: false | number | undefined;
  readonly #gatheredBytesLimit: number;
  readonly #isUnpausable: boolean;
  #source!: ReadableStreamDefaultController<Uint8Array>; // Set by the constructor: start() runs within it.
  #sink!: WritableStreamDefaultController; // The same.
  #closed!: Settle; // The same.
  /** The bytes, next to each other, that the socket is given next; what was gathered before them, it has already. */
  #buffer: ArrayBufferLike | undefined;
  #runStart = 0;
  #runEnd = 0;
  /** Bytes that were written and have not left the corked socket. */
  #gatheredBytes = 0;
  #pendingWrite: Settle | undefined;
  #paused = false;
  #inputOver = false;
  #outputOver = false;
  #sinkAborted = false;
  #over = false;

  /** Takes over a socket that has just connected, made with `allowHalfOpen`. `address` is for messages. */
  constructor(socket: NodeDuplex, address: string, info: ConnectionInfo, options: SocketDuplexOptions = defaults) {
    this.#socket = socket;
    this.#address = address;
    this.info = info;
    this.#linger = options.linger;
    this.#isUnpausable = options.isUnpausable === true;
    this.#gatheredBytesLimit = Math.min(gatheredBytesLimit, options.sendBufferBytes);
    this.closed = new Promise((resolve, reject) => {
      this.#closed = { resolve, reject };
    });
    this.closed.catch(ignore);
    this.readable = this.#createReadable(options.receiveBufferBytes);
    this.writable = this.#createWritable(options.sendBufferBytes);

    socket.on("data", (chunk: Uint8Array) => {
      this.#handleData(chunk);
    });
    socket.on("end", () => {
      this.#handleEnd();
    });
    socket.on("drain", () => {
      this.#settleWriteSoon();
    });
    socket.on("error", (error: Error) => {
      this.#fail(lostError(this.#address, error));
    });
    socket.on("close", () => {
      this.#handleClose();
    });
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
        pull: () => {
          if (!this.#paused) return;
          this.#paused = false;
          this.#socket.resume();
        },
        cancel: () => {
          this.#inputOver = true;
          // The rest is read and dropped: unread bytes would turn our end into a reset.
          this.#socket.resume();
          this.#endIfBothOver();
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
          const { signal } = controller as WritableStreamDefaultController & { readonly signal: AbortSignal };
          signal.addEventListener("abort", () => {
            this.#sinkAborted = true;
            this.abort(signal.reason);
          });
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#end(),
      },
      { highWaterMark, size: byteLength },
    );
  }

  #write({ buffer, byteOffset, byteLength }: Uint8Array): Promise<void> | undefined {
    if (byteLength === 0) return undefined;
    if (this.#gatheredBytes === 0) {
      this.#socket.cork();
      process.nextTick(() => {
        this.#flush();
      });
    }
    if (buffer !== this.#buffer || byteOffset !== this.#runEnd) {
      this.#pushRun();
      this.#buffer = buffer;
      this.#runStart = byteOffset;
    }
    this.#runEnd = byteOffset + byteLength;
    this.#gatheredBytes += byteLength;
    if (this.#gatheredBytes < this.#gatheredBytesLimit && !this.#socket.writableNeedDrain) return undefined;
    return new Promise((resolve, reject) => {
      this.#pendingWrite = { resolve, reject };
      this.#flush();
      if (!this.#socket.writableNeedDrain) this.#settleWriteSoon();
    });
  }

  /** Gives the socket what was gathered. */
  #flush(): void {
    if (this.#gatheredBytes === 0 || this.#over) return;
    this.#pushRun();
    this.#gatheredBytes = 0;
    this.#socket.uncork();
  }

  #pushRun(): void {
    if (this.#buffer === undefined) return;
    this.#socket.write(new Uint8Array(this.#buffer, this.#runStart, this.#runEnd - this.#runStart));
    this.#buffer = undefined;
  }

  #end(): Promise<void> {
    if (this.#linger === false) return this.#endByReset();
    return new Promise((resolve, reject) => {
      this.#pendingWrite = { resolve, reject };
      this.#flush();
      this.#socket.end((error?: Error | null) => {
        if (error) return; // The events error and close settle it.
        this.#outputOver = true;
        this.#settleWrite();
        this.#endIfBothOver();
      });
    });
  }

  /** What the system has taken it may still deliver; nobody waits for it. */
  #endByReset(): Promise<void> {
    this.#flush();
    this.#handleEnd();
    this.#outputOver = true;
    this.#socket.destroy();
    return Promise.resolve();
  }

  /** Settles the write after a turn of the event loop. */
  #settleWriteSoon(): void {
    const pending = this.#pendingWrite;
    setImmediate(() => {
      if (this.#pendingWrite === pending) this.#settleWrite();
    });
  }

  #settleWrite(): void {
    const pending = this.#pendingWrite;
    this.#pendingWrite = undefined;
    pending?.resolve();
  }

  #handleData(chunk: Uint8Array): void {
    if (this.#inputOver) return;
    // A plain view, so that nobody meets the other behaviour of Buffer's slice() and toString().
    this.#source.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const room = this.#source.desiredSize ?? 0;
    if (room > 0) return;
    if (this.#isUnpausable) {
      if (room < -unpausableLimitBytes) this.#fail(unreadError(this.#address, unpausableLimitBytes));
      return;
    }
    this.#paused = true;
    this.#socket.pause();
  }

  #handleEnd(): void {
    if (!this.#inputOver) this.#source.close();
    this.#inputOver = true;
  }

  #handleClose(): void {
    if (this.#over) return;
    if (!this.#inputOver || !this.#outputOver) {
      this.#fail(new TransportError(`The connection to ${this.#address} was closed`));
      return;
    }
    this.#over = true;
    this.#closed.resolve();
  }

  /** After a cancelled read the server's end is of no interest; otherwise the socket closes by itself. */
  #endIfBothOver(): void {
    if (this.#inputOver && this.#outputOver) this.#socket.destroy();
  }

  #fail(error: TransportError): void {
    if (this.#over) return;
    this.#over = true;
    this.#inputOver = true;
    const pending = this.#pendingWrite;
    this.#pendingWrite = undefined;
    pending?.reject(error);
    this.#source.error(error);
    // A stream that is being aborted errors by itself; Node 20 breaks when it is told to in the middle of it.
    if (!this.#sinkAborted) this.#sink.error(error);
    this.#closed.reject(error);
    if (typeof this.#linger === "number") this.#endInTheBackground();
    else this.#socket.destroy();
  }

  /** What the socket has been given is delivered within the time of `socket.linger`; what still comes is dropped. */
  #endInTheBackground(): void {
    this.#socket.resume();
    this.#socket.end();
  }
}

function byteLength(chunk: Uint8Array): number {
  return chunk.byteLength;
}

function ignore(): void {}
