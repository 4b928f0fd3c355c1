import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describeRecord, RecordReader, type RecordHeader } from "./record-reader.ts";

/**
 * Stands between a socket and the TLS on it, and tells of each record that passes. It holds nothing back and changes nothing;
 * whatever ends one of the two ends the other.
 *
 * `node:tls` reads and writes through a stream of this kind where it is given one, instead of through the socket's handle.
 */
export class RecordTap extends Duplex {
  readonly #socket: Socket;
  readonly #sent: RecordReader;
  readonly #received: RecordReader;

  constructor(socket: Socket, report: (message: string) => void) {
    const { readableHighWaterMark, writableHighWaterMark } = socket;
    super({ allowHalfOpen: true, readableHighWaterMark, writableHighWaterMark });
    const tell = (what: string) => (header: RecordHeader) => {
      report(`record ${what}: ${describeRecord(header)}`);
    };
    this.#socket = socket;
    this.#sent = new RecordReader(tell("sent"));
    this.#received = new RecordReader(tell("received"));
    socket.pause();
    socket.on("data", (chunk: Buffer) => {
      this.#received.read(chunk);
      if (!this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => {
      // After both ends it is over by itself, once all has been read.
      if (!socket.readableEnded || !socket.writableFinished) this.destroy();
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#sent.read(chunk);
    this.#socket.write(chunk, callback);
  }

  override _final(callback: () => void): void {
    this.#socket.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.destroy();
    callback(error);
  }
}
