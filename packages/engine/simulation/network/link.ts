import { TransportError, type Duplex } from "@rivulet/engine";
import type { Chance } from "../chance.ts";
import type { SituationName } from "../checks/situations.ts";
import type { Clock } from "../clock.ts";
import { Direction, type NetworkProfile } from "./direction.ts";

// Theory of operation
//
// A link is one network connection: two directions, each a queue of bytes with a latency, and whatever can go wrong
// with them. Its client's end is the Duplex that a transport would give; its server's end are a few callbacks. A cut
// hits both directions at whatever byte they are: of what is under way some still arrives, and the two ends learn of it
// at different times, or, when the link falls silent, not at all.

/** The server's end. */
export interface LinkPeer {
  receive(chunk: Uint8Array): void;
  closed(): void;
}

/** What a link needs of the world. */
export interface LinkParts {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly profile: NetworkProfile;
  readonly situation: (name: SituationName) => void;
  /** The client writes this. */
  readonly wrote: (chunk: Uint8Array) => void;
}

/** One network connection. */
export class Link {
  /** The client's end. */
  readonly duplex: Duplex;
  /** Whether the client has let go of it. */
  isReleased = false;
  /** When the client has last read something. */
  lastRead: number;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #profile: NetworkProfile;
  readonly #situation: (name: SituationName) => void;
  readonly #wrote: (chunk: Uint8Array) => void;
  readonly #up: Direction;
  readonly #down: Direction;
  #peer: LinkPeer | undefined;
  /** Arrived and not read. */
  readonly #unread: Uint8Array[] = [];
  #reader!: ReadableStreamDefaultController<Uint8Array>;
  #writer!: WritableStreamDefaultController;
  #readerWaits: (() => void) | undefined;
  /** The client's side knows that it is over. */
  #isOver = false;
  #isCut = false;
  #hasEnded = false;
  #isStalled = false;
  readonly #writes = new Set<{ readonly resolve: () => void; readonly reject: (error: Error) => void }>();
  #closed!: { readonly resolve: () => void; readonly reject: (error: Error) => void };

  constructor({ clock, chance, profile, situation, wrote }: LinkParts) {
    this.lastRead = clock.now();
    this.#situation = situation;
    this.#wrote = wrote;
    this.#clock = clock;
    this.#chance = chance;
    this.#profile = profile;
    const parts = { clock, chance, profile };
    this.#up = new Direction(parts, {
      arrived: (bytes) => this.#peer?.receive(bytes),
      ended: () => this.#peerClosed(),
      broken: () => this.cut(),
    });
    this.#down = new Direction(parts, {
      arrived: (bytes) => this.#arrived(bytes),
      ended: () => this.#end(),
      broken: () => this.cut(),
    });
    this.duplex = this.#makeDuplex();
  }

  /** Whether it carries bytes, as far as anybody knows. */
  get isAlive(): boolean {
    return !this.#isOver && !this.#isCut;
  }

  /** Whether bytes vanish. */
  get isSilent(): boolean {
    return this.#up.isSilent || this.#down.isSilent;
  }

  /** Joins the server's end. */
  join(peer: LinkPeer): void {
    this.#peer = peer;
  }

  /** The server sends. */
  send(bytes: Uint8Array): void {
    this.#down.send(bytes);
  }

  /** The server closes its side after what it sent. */
  close(): void {
    this.#peer = undefined;
    this.#down.end();
  }

  /** The connection is lost: of what is under way some may still arrive, then each end is told. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const { between, later } = this.#random();
    const error = new TransportError("The connection was cut");
    this.#up.cut();
    this.#down.cut();
    later(between(0, 40), () => this.#peerClosed());
    later(between(0, 40), () => (this.#chance.percent(30) ? this.#end() : this.#lose(error)));
  }

  /** Cuts it when so many more bytes have passed in one direction. */
  cutAfter(direction: "up" | "down", bytes: number): void {
    (direction === "up" ? this.#up : this.#down).breakAfter(bytes);
  }

  /** From now on bytes vanish and nobody is told. */
  fallSilent(direction: "up" | "down" | "both"): void {
    if (direction !== "down") this.#up.fallSilent();
    if (direction !== "up") this.#down.fallSilent();
  }

  /** The client's process is gone: it hears of nothing any more. */
  kill(): void {
    this.isReleased = true;
    this.#isOver = true;
    this.#writes.clear();
    this.#hangUp();
  }

  /** The transport takes nothing more, until `resume`. */
  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    for (const write of this.#writes) write.resolve();
    this.#writes.clear();
  }

  #makeDuplex(): Duplex {
    const closed = new Promise<void>((resolve, reject) => {
      this.#closed = { resolve, reject };
    });
    closed.catch(() => undefined);
    const readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#reader = controller;
        },
        pull: () => this.#pull(),
      },
      { highWaterMark: 0 },
    );
    const writable = new WritableStream<Uint8Array>({
      start: (controller) => {
        this.#writer = controller;
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#up.end(),
    });
    const abort = (reason?: unknown): void => {
      if (this.isReleased) return;
      this.isReleased = true;
      this.#writer.error(reason);
      this.#lose(new TransportError("The client has dropped the connection"));
      this.#hangUp();
    };
    return { readable, writable, info: { transport: "simulation", url: "sim://broker" }, closed, abort };
  }

  #write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#hasEnded) throw new TransportError("The server has closed the connection");
    this.#wrote(chunk);
    this.#up.send(chunk);
    const delayMs = this.#chance.percent(this.#profile.slowWrites) ? this.#chance.between(1, 30) : 0;
    if (!this.#isStalled && delayMs === 0) return undefined;
    return new Promise((resolve, reject) => {
      const write = { resolve, reject };
      this.#writes.add(write);
      if (this.#isStalled) return;
      this.#clock.after(delayMs, () => {
        if (!this.#isStalled && this.#writes.delete(write)) resolve();
      });
    });
  }

  async #pull(): Promise<void> {
    if (this.#unread.length === 0) {
      await new Promise<void>((resolve) => {
        this.#readerWaits = resolve;
      });
    }
    const chunk = this.#unread.shift();
    this.lastRead = this.#clock.now();
    if (chunk !== undefined && !this.#isOver) this.#reader.enqueue(chunk);
    if (this.#hasEnded && this.#unread.length === 0) this.#finish();
  }

  #arrived(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#unread.push(bytes);
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#readerWaits?.();
    this.#readerWaits = undefined;
  }

  /** The server's side has ended in good order: what it sent is read, then the stream ends. */
  #end(): void {
    if (this.#isOver || this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#unread.length > 0) return;
    this.#finish();
    this.#wakeReader();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.close();
    this.#closed.resolve();
  }

  #lose(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.error(error);
    this.#wakeReader();
    this.#closed.reject(error);
    if (this.#writes.size > 0) this.#situation("a write was stalled when the connection was lost");
    // A transport may never say what has become of a write that was under way.
    if (this.#chance.percent(80)) for (const { reject } of this.#writes) reject(error);
    this.#writes.clear();
  }

  /** The client is gone; what it had sent may or may not arrive. */
  #hangUp(): void {
    const { between, later } = this.#random();
    if (this.#isCut) return;
    this.#isCut = true;
    const isHeard = !this.#up.isSilent;
    this.#up.cut();
    this.#down.cut();
    if (isHeard) later(between(0, 40), () => this.#peerClosed());
  }

  #peerClosed(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    if (peer === undefined) return;
    peer.closed();
    // The server has closed its side too.
    this.#down.end();
  }

  #random(): { between: (least: number, most: number) => number; later: (ms: number, callback: () => void) => void } {
    return {
      between: (least, most) => this.#chance.between(least, most),
      later: (ms, callback) => void this.#clock.after(ms, callback),
    };
  }
}
