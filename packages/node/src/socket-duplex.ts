/**
 * A `Duplex` over a connected Node socket.
 *
 * The two directions end independently: input is over when the server has ended its side (or the reader has cancelled),
 * output is over when the writer has closed and everything is flushed. The connection is over when both are and the
 * socket has closed, or at once when it fails; `closed` settles then. After a failure nothing reaches the streams any
 * more.
 *
 * What is written before the process turns to something else leaves in one call of the system, up to a limit. So much
 * there is room for, and nobody has to wait for its write. When the system has taken several such calls, the next has to
 * wait for a turn of the event loop: a program that awaits one write after the other would otherwise keep all others,
 * and its own reading, waiting for as long as the socket takes more.
 *
 * Adapters that Node brings (`toWeb`) cost two to three times as much; this one does per chunk what it must and no more.
 */

import type { Duplex as NodeDuplex } from "node:stream";
import { TransportError, type ConnectionInfo, type Duplex } from "@rivulet/engine";
import {
  gatheredBytesLimit,
  readableHighWaterMarkBytes,
  turnBytesLimit,
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

/** Where a socket has its SocketDuplex. */
const owner: unique symbol = Symbol("owner");

type OwnedSocket = NodeDuplex & { readonly [owner]: SocketDuplex };

export class SocketDuplex implements Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly info: ConnectionInfo;

  readonly #socket: NodeDuplex;
  readonly #address: string;
  readonly #linger: false | number | undefined;
  readonly #gatheredBytesLimit: number;
  readonly #isUnpausable: boolean;
  #source!: ReadableStreamDefaultController<Uint8Array>; // Set by the constructor: start() runs within it.
  #sink!: WritableStreamDefaultController; // The same.
  /** `closed`, and what settles it: made when somebody asks for it. */
  #closed: Promise<void> | undefined;
  #closing: Settle | undefined;
  /** The bytes, next to each other, that the socket is given next; what was gathered before them, it has already. */
  #buffer: ArrayBufferLike | undefined;
  #runStart = 0;
  #runEnd = 0;
  /** Bytes that were written and have not left the corked socket. */
  #gatheredBytes = 0;
  /** Bytes that the socket was given because no more may gather, since the last turn of the event loop. */
  #turnBytes = 0;
  /** The socket has more than it wants: `drain` tells when that is over. */
  #isFull = false;
  #pendingWrite: Settle | undefined;
  #paused = false;
  #inputOver = false;
  #outputOver = false;
  #heedsAbort = false;
  #sinkAborted = false;
  #over = false;
  #failure: TransportError | undefined;

  /** Takes over a socket that has just connected, made with `allowHalfOpen`. `address` is for messages. */
  constructor(socket: NodeDuplex, address: string, info: ConnectionInfo, options: SocketDuplexOptions = defaults) {
    this.#socket = socket;
    this.#address = address;
    this.info = info;
    this.#linger = options.linger;
    this.#isUnpausable = options.isUnpausable === true;
    this.#gatheredBytesLimit = Math.min(gatheredBytesLimit, options.sendBufferBytes);
    this.readable = new ReadableStream(new SocketDuplex.#Source(this), {
      highWaterMark: options.receiveBufferBytes,
      size: byteLength,
    });
    this.writable = new WritableStream(new SocketDuplex.#Sink(this), {
      highWaterMark: options.sendBufferBytes,
      size: byteLength,
    });

    const owned = Object.assign(socket, { [owner]: this });
    for (const [event, listener] of Object.entries(SocketDuplex.#listeners)) owned.on(event, listener);
  }

  get room(): number {
    const mayTake = this.#mayGather && this.#pendingWrite === undefined && !this.#outputOver && !this.#over;
    // With one byte more the limit is reached.
    return mayTake ? this.#gatheredBytesLimit - this.#gatheredBytes - 1 : 0;
  }

  atTurnEnd(callback: () => void): void {
    process.nextTick(callback);
  }

  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new Promise((resolve, reject) => {
        this.#closing = { resolve, reject };
      });
      this.#closed.catch(ignore);
      if (this.#over) this.#settleClosed();
    }
    return this.#closed;
  }

  abort(reason?: unknown): void {
    this.#fail(
      reason instanceof TransportError
        ? reason
        : new TransportError(`The connection to ${this.#address} was aborted`, { cause: reason }),
    );
  }

  // What the socket and the streams call is the same for all connections: closures would be several for each of them.

  static readonly #listeners = {
    data(this: OwnedSocket, chunk: Uint8Array): void {
      this[owner].#handleData(chunk);
    },
    end(this: OwnedSocket): void {
      this[owner].#handleEnd();
    },
    drain(this: OwnedSocket): void {
      this[owner].#isFull = false;
      this[owner].#settleWriteSoon();
    },
    error(this: OwnedSocket, error: Error): void {
      this[owner].#fail(lostError(this[owner].#address, error));
    },
    close(this: OwnedSocket): void {
      this[owner].#handleClose();
    },
  };

  static readonly #Source = class {
    readonly duplex: SocketDuplex;

    constructor(duplex: SocketDuplex) {
      this.duplex = duplex;
    }

    start(controller: ReadableStreamDefaultController<Uint8Array>): void {
      this.duplex.#source = controller;
    }

    pull(): void {
      if (!this.duplex.#paused) return;
      this.duplex.#paused = false;
      this.duplex.#socket.resume();
    }

    cancel(): void {
      this.duplex.#inputOver = true;
      // The rest is read and dropped: unread bytes would turn our end into a reset.
      this.duplex.#socket.resume();
      this.duplex.#endIfBothOver();
    }
  };

  static readonly #Sink = class {
    readonly duplex: SocketDuplex;

    constructor(duplex: SocketDuplex) {
      this.duplex = duplex;
    }

    start(controller: WritableStreamDefaultController): void {
      this.duplex.#sink = controller;
    }

    write(chunk: Uint8Array): Promise<void> | undefined {
      return this.duplex.#heedAbort(this.duplex.#write(chunk));
    }

    close(): Promise<void> | undefined {
      return this.duplex.#heedAbort(this.duplex.#end());
    }

    abort(reason: unknown): void {
      this.duplex.#abortSink(reason);
    }
  };

  /**
   * While a write stalls, abort() of the sink is not called, and it may stall for ever: then the signal tells. Only then,
   * because a signal takes as much memory as the rest of the stream.
   */
  #heedAbort(writing: Promise<void> | undefined): Promise<void> | undefined {
    if (writing !== undefined && !this.#heedsAbort) {
      this.#heedsAbort = true;
      const { signal } = this.#sink as WritableStreamDefaultController & { readonly signal: AbortSignal };
      signal.addEventListener("abort", () => {
        this.#abortSink(signal.reason);
      });
    }
    return writing;
  }

  #abortSink(reason: unknown): void {
    this.#sinkAborted = true;
    this.abort(reason);
  }

  get #mayGather(): boolean {
    return !this.#isFull && this.#turnBytes < turnBytesLimit;
  }

  #write(chunk: Uint8Array): Promise<void> | undefined {
    if (chunk.byteLength === 0) return undefined;
    this.#gather(chunk);
    if (this.#mayGather && this.#gatheredBytes < this.#gatheredBytesLimit) return undefined;
    return new Promise((resolve, reject) => {
      this.#pendingWrite = { resolve, reject };
      this.#flushGathered();
      if (this.#mayGather && this.#socket.writableLength === 0) this.#settleWrite();
      else if (!this.#isFull) this.#settleWriteSoon();
    });
  }

  #gather({ buffer, byteOffset, byteLength }: Uint8Array): void {
    if (this.#gatheredBytes === 0) {
      this.#socket.cork();
      process.nextTick(() => {
        this.#flushGathered();
      });
    }
    if (buffer !== this.#buffer || byteOffset !== this.#runEnd) {
      this.#pushRun();
      this.#buffer = buffer;
      this.#runStart = byteOffset;
    }
    this.#runEnd = byteOffset + byteLength;
    this.#gatheredBytes += byteLength;
  }

  /** Gives the socket what was gathered. */
  #flush(): void {
    if (this.#gatheredBytes === 0 || this.#over) return;
    this.#pushRun();
    this.#gatheredBytes = 0;
    this.#socket.uncork();
    // It also needs to drain, for a moment, when the system has taken all at once.
    this.#isFull = this.#socket.writableNeedDrain && this.#socket.writableLength > 0;
  }

  /** The same, and counts what leaves before the event loop has had its turn. */
  #flushGathered(): void {
    if (this.#gatheredBytes === 0) return;
    if (this.#turnBytes === 0) {
      setImmediate(() => {
        this.#turnBytes = 0;
      });
    }
    this.#turnBytes += this.#gatheredBytes;
    this.#flush();
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
    this.#settleClosed();
  }

  #settleClosed(): void {
    if (this.#failure === undefined) this.#closing?.resolve();
    else this.#closing?.reject(this.#failure);
  }

  /** After a cancelled read the server's end is of no interest; otherwise the socket closes by itself. */
  #endIfBothOver(): void {
    if (this.#inputOver && this.#outputOver) this.#socket.destroy();
  }

  #fail(error: TransportError): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    this.#inputOver = true;
    const pending = this.#pendingWrite;
    this.#pendingWrite = undefined;
    pending?.reject(error);
    this.#source.error(error);
    // A stream that is being aborted errors by itself; Node 20 breaks when it is told to in the middle of it.
    if (!this.#sinkAborted) this.#sink.error(error);
    this.#settleClosed();
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
