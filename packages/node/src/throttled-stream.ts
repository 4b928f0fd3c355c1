/**
 * A socket as a stream that lets bytes through at a limited rate, each way by itself. It stands on top of the socket (and
 * of its TLS) and holds no more than a slice and its own buffers: what has to wait waits in front of it, where it is felt,
 * as with a slow line.
 */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { Pacer } from "./pacer.ts";
import type { TransferRate } from "./socket-options.ts";

export class ThrottledStream extends Duplex {
  readonly #socket: Socket;
  readonly #inbound: Pacer;
  readonly #outbound: Pacer;
  #isWanted = false;
  #readTimer: NodeJS.Timeout | undefined;
  #writeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, { send, receive }: TransferRate) {
    const { readableHighWaterMark, writableHighWaterMark } = socket;
    super({ allowHalfOpen: true, readableHighWaterMark, writableHighWaterMark });
    this.#socket = socket;
    this.#inbound = new Pacer(receive);
    this.#outbound = new Pacer(send);
    socket.on("readable", () => {
      this.#pump();
    });
    socket.on("end", () => {
      this.push(null);
    });
    socket.on("error", (error) => {
      this.destroy(error);
    });
    socket.on("close", () => {
      // After both ends it is over by itself, once all has been read.
      if (!socket.readableEnded || !socket.writableFinished) this.destroy();
    });
  }

  override _read(): void {
    this.#isWanted = true;
    this.#pump();
  }

  #pump(): void {
    const socket = this.#socket;
    while (this.#isWanted && this.#readTimer === undefined) {
      if (socket.readableLength === 0) {
        // Asks for more, or finds the end.
        socket.read(0);
        return;
      }
      const waitMs = this.#inbound.waitMs(performance.now());
      if (waitMs > 0) {
        this.#readTimer = setTimeout(() => {
          this.#readTimer = undefined;
          this.#pump();
        }, waitMs);
        return;
      }
      const chunk = socket.read(Math.min(socket.readableLength, this.#inbound.sliceBytes)) as Uint8Array | null;
      if (chunk === null) return;
      this.#inbound.spend(chunk.length, performance.now());
      this.#isWanted = this.push(chunk);
    }
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, callback: (error?: Error) => void): void {
    this.#writeSlices(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk, callback);
  }

  #writeSlices(bytes: Uint8Array, callback: (error?: Error) => void): void {
    let rest = bytes;
    while (rest.length > 0) {
      const waitMs = this.#outbound.waitMs(performance.now());
      if (waitMs > 0) {
        this.#writeTimer = setTimeout(() => {
          this.#writeSlices(rest, callback);
        }, waitMs);
        return;
      }
      const slice = rest.subarray(0, this.#outbound.sliceBytes);
      rest = rest.subarray(slice.length);
      this.#outbound.spend(slice.length, performance.now());
      if (this.#socket.write(slice)) continue;
      const remaining = rest;
      this.#socket.once("drain", () => {
        this.#writeSlices(remaining, callback);
      });
      return;
    }
    callback();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#readTimer);
    clearTimeout(this.#writeTimer);
    const socket = this.#socket;
    if (socket.closed) {
      callback(error);
      return;
    }
    socket.once("close", () => {
      callback(error);
    });
    socket.destroy();
  }
}
