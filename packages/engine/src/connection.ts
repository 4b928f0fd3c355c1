import { clientReaders, PacketDecoder, type ControlPacket } from "@rivulet/codec";
import { publishedAtMostOnce, type PublishResult } from "./client/publish-options.ts";
import { Deferred, ignore } from "./deferred.ts";
import type { ConnectionInfo, Duplex } from "./duplex.ts";
import type { Environment } from "./environment.ts";
import { MqttError, TransportError } from "./errors.ts";
import { closeGraceMs, maximumTimerDelayMs, outputBytesLimit } from "./limits.ts";
import type { SessionEvent } from "./session/events.ts";
import type { ConnectRequest } from "./session/session-options.ts";
import type { Session } from "./session/session.ts";

// Theory of operation
//
// A Connection runs one Session over one Duplex. Three things wake it: a chunk that came, a deadline that passed, and
// a command that was given. Each time it lets the Session work, hands what happened to its host, and writes what is to
// be sent: everything of one turn in one chunk. While a write is under way the next batch gathers, so that a slow
// transport gets fewer, larger chunks, and never more than one at a time.
//
// A transport may have room for what gathers until the event loop turns. What it is certain to take counts as taken, so
// that a program that awaits one message after the other does not pay a write for each.
//
// Reading goes on while the host has room. When it has not, reading stops, unless the server owes us an answer: it
// could not come past what is not read. What the host does then with messages that it has no room for is its business.

const settled = /* @__PURE__ */ Promise.resolve(publishedAtMostOnce);

/** Whom a Connection works for: what it asks, and what it tells. */
export interface ConnectionHost<Context> {
  readonly environment: Environment;
  /** In bytes; default: what the protocol allows. */
  readonly maximumPacketSize?: number | undefined;
  /** Whether there is room for more messages. */
  readonly hasRoom: () => boolean;
  /** Reading goes on although there is no room: messages that may be lost are to make some. */
  readonly makeRoom: () => void;
  /** The transport has taken a batch. */
  readonly written: () => void;
  /** Has the changes of the Session written down; settles when that is done, undefined when there is nothing to do. */
  readonly persist?: (() => Promise<void> | undefined) | undefined;
  /** Something happened in the Session. */
  readonly handle: (event: SessionEvent<Context>) => void;
  /** The transport is gone, and nothing more will come. Called once. */
  readonly closed: () => void;
}

/** Runs one Session over one Duplex. */
export class Connection<Context> {
  readonly info: ConnectionInfo;
  readonly #duplex: Duplex;
  readonly #session: Session<Context>;
  readonly #environment: Environment;
  readonly #host: ConnectionHost<Context>;
  readonly #decoder: PacketDecoder;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /** Settles with the write of the batch that gathers now; made when somebody asks for it. */
  #batch: Deferred<PublishResult> | undefined;
  /** The same of the batch that is being written. */
  #writtenBatch: Deferred<PublishResult> | undefined;
  /** Settles when what has happened is told. */
  #told: Promise<PublishResult> | undefined;
  #isFlushScheduled = false;
  #isWriting = false;
  /** The protocol is over: what is left is written, then the transport is closed. */
  #isEnding = false;
  #isFinishing = false;
  #isClosed = false;
  /** Made when somebody waits for it. */
  #closed: Deferred<void> | undefined;
  /** Called when reading, which was paused, may go on. */
  #resumeReading: (() => void) | undefined;
  #timer: unknown;
  #timerDue = Infinity;
  readonly #woken = (): void => {
    this.#isFlushScheduled = false;
    this.#turn();
  };

  constructor(duplex: Duplex, session: Session<Context>, host: ConnectionHost<Context>) {
    const { maximumPacketSize, environment } = host;
    this.info = duplex.info;
    this.#duplex = duplex;
    this.#session = session;
    this.#environment = environment;
    this.#host = host;
    this.#decoder = new PacketDecoder(clientReaders, maximumPacketSize === undefined ? {} : { maximumPacketSize });
    this.#reader = duplex.readable.getReader();
    this.#writer = duplex.writable.getWriter();
  }

  /** Sends CONNECT and begins to read. */
  start(request: ConnectRequest): void {
    this.#decoder.version = request.packet.protocolVersion;
    this.#session.connect(request, this.#environment.now());
    void this.#read();
    this.wake();
  }

  /** Settles when the transport has taken the batch that gathers now: to what whoever published at QoS 0 waits for. */
  taken(): Promise<PublishResult> {
    if (!this.#isCertain) return (this.#batch ??= new Deferred()).promise;
    if (!this.#session.hasEvents) return settled;
    // Whoever follows the packets hears of it before.
    return (this.#told ??= settled.then((result) => {
      this.#told = undefined;
      if (!this.#isClosed) this.#dispatch();
      return result;
    }));
  }

  /** Whether the transport is certain to take the batch, and nothing comes before that. */
  get #isCertain(): boolean {
    if (this.#isWriting || this.#host.persist !== undefined) return false;
    const { room = 0 } = this.#duplex;
    return room > 0 && this.#session.batchBytes <= room;
  }

  /** Something was commanded, or there is room again: sees to it within this turn. */
  wake(): void {
    if (this.#isFlushScheduled || this.#isClosed) return;
    this.#isFlushScheduled = true;
    if (this.#duplex.atTurnEnd) this.#duplex.atTurnEnd(this.#woken);
    else void settled.then(this.#woken); // Cheaper than queueMicrotask, which Node keeps asynchronous context for.
  }

  /** What the server proved in its CONNACK is right: goes on with it. */
  accept(): void {
    const now = this.#environment.now();
    this.#session.accept(now);
    this.#dispatch();
    this.#session.receiveHeld(now);
    this.#turn(now);
  }

  /** Resolves when the transport is gone; never rejects. */
  get closed(): Promise<void> {
    this.#closed ??= new Deferred();
    if (this.#isClosed) this.#closed.resolve();
    return this.#closed.promise;
  }

  /** Ends the connection at once; nothing more is sent. */
  abort(error: MqttError): void {
    this.#close(error);
  }

  /** Reads one chunk, and then the next. */
  async #read(): Promise<void> {
    const fail = (error: unknown): void => {
      this.#close(error);
    };
    try {
      await this.#room();
      // Not awaited: while nothing comes, a function that waits holds more than its callbacks, and the chunk before.
      this.#reader.read().then((result) => void this.#take(result).catch(fail), fail);
    } catch (error) {
      fail(error);
    }
  }

  async #take({ done, value }: ReadableStreamReadResult<Uint8Array>): Promise<void> {
    if (this.#isClosed) return;
    // [MQTT311-3.1.4-1] [MQTT311-3.2.2-6]
    if (done) {
      const early = this.#session.state === "connecting" ? " before it answered: wrong port or scheme?" : "";
      throw new TransportError(`The server closed the connection${early}`);
    }
    this.#received(value);
    await this.#read();
  }

  #received(chunk: Uint8Array): void {
    const now = this.#environment.now();
    let hasPacket = false;
    try {
      this.#decoder.decode(chunk, (packet: ControlPacket, byteLength: number) => {
        hasPacket = true;
        this.#session.receive(packet, byteLength, now);
        // Who hears of the connection may still change what comes next.
        if (packet.type === "connack") this.#dispatch();
      });
    } catch (error) {
      // Once the protocol is over, whatever follows is of no interest.
      // [MQTT-3.1.2-24] [MQTT-4.13.1-1] [MQTT311-4.8.0-2]
      if (!this.#isEnding) this.#session.fail(error as MqttError);
    }
    this.#session.bytesReceived(chunk.length, hasPacket, now);
    this.#turn(now);
  }

  /** Waits until reading may go on. */
  async #room(): Promise<void> {
    while (!this.#mayRead() && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#resumeReading = resolve;
      });
    }
    if (this.#host.hasRoom()) return;
    // The server owes us an answer. A turn of the event loop lets consumers take what they can before anything is lost.
    await new Promise<void>((resolve) => {
      this.#environment.setTimeout(resolve, 0);
    });
    if (this.#isClosed) return;
    this.#host.makeRoom();
    this.#turn(); // That may have ended the connection.
  }

  #mayRead(): boolean {
    if (this.#isEnding) return true;
    if (this.#session.batchBytes > outputBytesLimit || this.#session.isVerifying) return false;
    return this.#host.hasRoom() || this.#session.isAwaitingServer;
  }

  #turn(now: number = this.#environment.now()): void {
    if (this.#isClosed) return;
    // Timers of pages in the background, and of machines that slept, fire late: what is due is not left to them alone.
    if (now >= this.#timerDue) this.#session.handleTimeout(now);
    this.#dispatch();
    // A transport that takes nothing does not keep what has changed from the store.
    if (this.#isWriting) void this.#host.persist?.();
    else void this.#flush(now);
    this.#settle();
  }

  /** Hands over what happened; that may make more happen. */
  #dispatch(): void {
    for (let events = this.#session.events(); events.length > 0; events = this.#session.events()) {
      for (const event of events) {
        if (event.type === "ended") this.#end(event.error);
        // What came in one chunk with a message whose consumer has closed us is new when the server sends it again.
        if (event.type !== "message" || !this.#isClosed) this.#host.handle(event);
        else if (event.exchange !== undefined) this.#session.forget(event.exchange);
      }
    }
  }

  async #flush(from: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isWriting = true;
    let now = from;
    try {
      for (;;) {
        const pieces = this.#session.transmit(now);
        this.#dispatch();
        const persisting = this.#host.persist?.();
        if (pieces.length === 0 || this.#isClosed) break;
        this.#writtenBatch = this.#batch;
        this.#batch = undefined;
        // What must not be forgotten is written down before what it covers is sent.
        if (persisting !== undefined) await persisting;
        if (this.#isClosed) return;
        let byteLength = 0;
        for (const piece of pieces) {
          byteLength += piece.length;
          await this.#writer.write(piece);
        }
        if (this.#isClosed) return;
        now = this.#environment.now();
        this.#session.written(byteLength, now);
        this.#writtenBatch?.resolve(publishedAtMostOnce);
        this.#host.written();
      }
      this.#isWriting = false;
      // [MQTT-3.14.4-2] [MQTT311-3.14.4-1]
      if (this.#isEnding) this.#finish();
      else this.#settle();
    } catch (error) {
      this.#close(error);
    }
  }

  /** Looks whether reading may go on, and sets the timer for what is due next. */
  #settle(): void {
    if (this.#mayRead()) this.#resumeReading?.();
    if (this.#isEnding || this.#isClosed) return;
    const due = this.#session.nextDeadline;
    // A timer that fires too early finds nothing due and is set again: cheaper than moving it with every packet.
    if (this.#timerDue <= due) return;
    this.#clearTimer();
    const delayMs = Math.min(Math.max(due - this.#environment.now(), 0), maximumTimerDelayMs);
    this.#timerDue = due;
    this.#timer = this.#environment.setTimeout(() => {
      this.#timerDue = Infinity;
      this.#session.handleTimeout(this.#environment.now());
      this.#turn();
    }, delayMs);
  }

  /** The protocol is over. When it has failed, a transport that takes nothing must not keep us. */
  #end(error: MqttError | undefined): void {
    this.#isEnding = true;
    this.#clearTimer();
    if (error !== undefined) this.#closeSoon();
  }

  #closeSoon(): void {
    if (this.#isClosed) return;
    this.#clearTimer();
    this.#timer = this.#environment.setTimeout(() => {
      this.#close(undefined);
    }, closeGraceMs);
  }

  /** Everything is written: closes our side, and gives the server a moment to close its own. */
  #finish(): void {
    // What still comes in wakes us again, and a second close of the stream would be an error that aborts the first.
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    this.#closeSoon();
    const close = (): void => {
      this.#close(undefined);
    };
    void this.#writer
      .close()
      .then(() => this.#duplex.closed)
      .then(close, close);
  }

  #clearTimer(): void {
    this.#environment.clearTimeout(this.#timer);
    this.#timerDue = Infinity;
  }

  #close(cause: unknown): void {
    if (this.#isClosed) return;
    const error = cause === undefined ? undefined : asTransportError(cause);
    this.#isClosed = true;
    this.#clearTimer();
    this.#duplex.closed.catch(ignore); // It is seen where the streams are used.
    this.#duplex.abort(error);
    this.#session.transportClosed(error);
    this.#dispatch();
    // A transport may never say what has become of a write that was under way.
    for (const batch of [this.#writtenBatch, this.#batch]) {
      batch?.reject(error ?? new TransportError("The connection is closed"));
    }
    this.#resumeReading?.();
    this.#host.closed();
    this.#closed?.resolve();
  }
}

/** Errors of ours are kept; a stream of a foreign transport may fail with anything. */
function asTransportError(cause: unknown): MqttError {
  if (cause instanceof MqttError) return cause;
  return new TransportError("The connection was lost", { cause });
}
