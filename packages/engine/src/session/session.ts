import {
  ProtocolError,
  reasonCodes,
  isReasonCodeOf,
  type ConnackPacket,
  type ControlPacket,
  type DisconnectPacket,
  type ProtocolVersion,
  type PubackPacket,
  type PublishPacket,
} from "@rivulet/codec";
import {
  ClosedError,
  ConnectionRefusedError,
  MqttError,
  ServerDisconnectError,
  StoreError,
  TimeoutError,
  TransportError,
  UnsupportedError,
} from "../errors.ts";
import type { IncomingRecord, OutgoingRecord, SessionRecord } from "../session-store.ts";
import { Authentication } from "./authentication.ts";
import type { SessionEvent } from "./events.ts";
import type { Acknowledgement, Answer, Exchange, IncomingExchange, InflightMessage } from "./exchanges.ts";
import type { Outgoing, Request } from "./exchanges.ts";
import type { JournalEntry } from "./journal.ts";
import { KeepAlive } from "./keep-alive.ts";
import { Outbox } from "./outbox.ts";
import { Receiver, type ReceiveLimits } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { readServer, type Server } from "./server.ts";
import type { ConnectRequest, SendTerms, SessionOptions } from "./session-options.ts";
import { Subscriptions } from "./subscriptions.ts";

// Theory of operation
//
// A Session is the protocol as a state machine without I/O. Whoever runs it tells it what came in (packets, bytes, time,
// the end of the transport) and what the application wants, and afterwards drains what has come of it, in this order:
// `transmit()`, the bytes to send; `changes()`, what is to be written down before these bytes leave; `events()`, what
// happened; `nextDeadline`, when to call `handleTimeout`. It holds no promise, timer, stream or clock; time is an
// argument. A peer's fault becomes an `ended` event and, in MQTT 5.0, a DISCONNECT; a caller's mistake throws, and
// nothing has changed then.
//
// The states of the Network Connection:
//
//   offline     no connection                         -> connecting by `connect`
//   connecting  CONNECT is sent; only CONNACK may come -> connected by it, ended by refusal or timeout
//   connected   CONNACK may not come again            -> draining by `disconnect`
//   draining    the same; finishes what is under way  -> ended when nothing is left, or its time is over
//   ended       nothing more is sent or heard         -> offline by `transportClosed`
//
// Every state but the first two comes to `ended` by whatever goes wrong.
//
// Sender sees the exchanges through that we begin, Receiver those that the server begins; Subscriptions are what the
// server is asked for again when it has lost the Session. All put packets into one Outbox.
//
// With an Authentication Method, AUTH goes to and fro between CONNECT and CONNACK; and the CONNACK itself is held up,
// with all that follows it, until whoever runs the Session has found the server's last word right (`accept`).
//
// The file is long because it is the one face of the machine: getters, inputs, commands and outputs, most of them a
// line that hands over to a part. What it decides itself are the states above, which belong side by side.

type SessionState =
  | { readonly name: "offline" | "connected" | "ended" }
  | { readonly name: "connecting"; readonly request: ConnectRequest; readonly deadline: number }
  | { readonly name: "draining"; readonly farewell: DisconnectPacket; readonly deadline: number };

/** What a connection began with: not the CONNECT itself, which may hold a password and a will. */
interface Connected extends SendTerms, ReceiveLimits {
  readonly server: Server;
  readonly resubscribe: boolean | undefined;
  readonly now: number;
}

/** Bytes of an acknowledgement with a Reason Code: what cannot be left unsaid, such as DISCONNECT, is no larger. */
const leastMaximumPacketSize = 5;

/** Until there is a connection, and after its end, nothing is to be kept alive. */
const off = new KeepAlive(0, undefined, 0);

/** Of connections without an Authentication Method: it never changes. */
const unauthenticated = new Authentication(undefined);

/** The MQTT protocol of one client, from one connection to the next, without I/O. */
export class Session<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  readonly #sender: Sender<Context>;
  readonly #receiver: Receiver<Context>;
  /** What the server is asked for again when it has lost the Session. */
  #subscriptions: Subscriptions | undefined;

  // lives as long as the Network Connection
  #state: SessionState = { name: "offline" };
  #keepAlive = off;
  #authentication = unauthenticated;
  /** Whether we have asked for no Reason Strings and User Properties but where they are always allowed. */
  #isProblemUnwanted = false;
  #connected: Connected | undefined;
  /** When CONNECT or PINGREQ was sent, while nothing has come in answer. */
  #askedAt: number | undefined;

  constructor(options: SessionOptions) {
    const { version, queue = {}, isTracing = () => false, isKept = false, hasAutomaticAliases = false } = options;
    const { wallNow = () => 0 } = options;
    this.#outbox = new Outbox(isTracing, isKept, options.statistics);
    this.#outbox.batch.version = version;
    this.#sender = new Sender(this.#outbox, { queue, hasAutomaticAliases, wallNow });
    this.#receiver = new Receiver(this.#outbox);
  }

  // Getters

  /** Where the Network Connection stands; see the theory of operation. */
  get state(): SessionState["name"] {
    return this.#state.name;
  }

  /** The protocol version of the connection, or of the one that is expected. */
  get version(): ProtocolVersion {
    return this.#outbox.batch.version;
  }

  /** Bytes that wait to be sent: the batch, and the messages that did not fit into it. */
  get bufferedBytes(): number {
    return this.batchBytes + this.#sender.queuedBytes;
  }

  /** Bytes of the batch that `transmit` would return. */
  get batchBytes(): number {
    return this.#outbox.batch.byteLength;
  }

  /** Whether a message published now would be sent without waiting for others. */
  get isReadyToSend(): boolean {
    return this.#sender.queuedMessages === 0 && this.#outbox.hasRoom;
  }

  /** Whether the server owes us an answer, so that not reading would be waiting for ourselves. */
  get isAwaitingServer(): boolean {
    const { name } = this.#state;
    if (name === "connecting" || name === "draining") return true;
    return this.#sender.isAwaited || this.#keepAlive.isPingOutstanding;
  }

  /** Whether the server has more messages under way to us than it may. */
  get isOverrun(): boolean {
    return this.#receiver.isOverrun;
  }

  /** Whether CONNACK has come, and waits for `accept`. */
  get isVerifying(): boolean {
    return this.#state.name === "connecting" && this.#authentication.held.length > 0;
  }

  /** Messages at QoS 1 and 2 under way to the server, in order. */
  get outgoing(): InflightMessage[] {
    return this.#sender.inflight;
  }

  /** Those under way from the server. */
  get incoming(): InflightMessage[] {
    return this.#receiver.inflight;
  }

  /** Made when they are needed: not every client subscribes. */
  get subscriptions(): Subscriptions {
    return (this.#subscriptions ??= new Subscriptions(this.#outbox));
  }

  /** Everything that the Session must not forget. */
  get records(): SessionRecord[] {
    return [...this.#sender.records, ...this.#receiver.records, ...(this.#subscriptions?.records ?? [])];
  }

  // Inputs

  /** Bytes came, and with them the end of a packet or not. */
  bytesReceived(byteLength: number, hasPacket: boolean, now: number): void {
    this.#outbox.statistics.bytesReceived += byteLength;
    this.#keepAlive.received(byteLength, hasPacket, now);
  }

  /** The connection may be gone, for all that is known outside: the server is asked for a sign of life. */
  doubt(): void {
    this.#keepAlive.doubt();
  }

  /** The transport has taken what `transmit` returned, so many bytes. */
  written(byteLength: number, now: number): void {
    this.#outbox.statistics.bytesSent += byteLength;
    this.#sender.repetition?.written(now);
  }

  /** A packet came. One that may not come ends the connection. */
  receive(packet: ControlPacket, byteLength: number, now: number): void {
    const { name } = this.#state;
    // Nothing that follows the end is of interest [MQTT-3.14.4-2].
    if (name === "ended" || name === "offline") return;
    if (this.isVerifying) {
      this.#authentication.held.push([packet, byteLength]);
      return;
    }
    const { statistics } = this.#outbox;
    statistics.packetsReceived += 1;
    if (this.#askedAt !== undefined && (name === "connecting" || packet.type === "pingresp")) {
      statistics.roundTripMs = now - this.#askedAt;
      this.#askedAt = undefined;
    }
    if (this.#outbox.isTracing()) this.#outbox.emit({ type: "packet", direction: "in", packet, byteLength });
    try {
      // [MQTT-3.2.0-1] [MQTT-3.2.0-2]
      // [MQTT-3.14.0-1] [MQTT311-3.2.0-1]
      if ((name === "connecting") !== (packet.type === "connack") && packet.type !== "auth") {
        throw new ProtocolError(`The server sent ${packet.type.toUpperCase()} to a client that is ${name}`);
      }
      // We have asked for no explanations [MQTT-3.1.2-29].
      if (this.#isProblemUnwanted && explains(packet)) throw unexpected(packet);
      if (packet.type === "connack" && packet.reasonCode === 0 && this.#authentication.proves(packet)) {
        this.#authentication.held.push([packet, byteLength]);
        this.#outbox.emit({ type: "auth", packet });
      } else {
        this.#dispatch(packet, now);
      }
    } catch (error) {
      this.fail(error as MqttError);
    }
  }

  /** The server has broken the protocol, or its bytes cannot be read: the connection ends. */
  fail(error: MqttError): void {
    if (this.#state.name === "ended" || this.#state.name === "offline") return;
    if (this.version === 5) {
      const reasonCode = error.reasonCode ?? reasonCodes.unspecifiedError;
      const isFitting = isReasonCodeOf("disconnect", reasonCode);
      // [MQTT-4.13.1-1]
      this.#outbox.send({ type: "disconnect", reasonCode: isFitting ? reasonCode : reasonCodes.unspecifiedError });
    }
    this.#end(error); // [MQTT-4.13.1-1] [MQTT311-4.8.0-1]
  }

  /** A deadline may have passed. */
  handleTimeout(now: number): void {
    const state = this.#state;
    if ("deadline" in state && now >= state.deadline) {
      if (state.name === "draining") this.#leave(state.farewell);
      else this.#end(new TimeoutError("The server's answer to CONNECT", state.request.timeoutMs));
      return;
    }
    this.#sender.handleTimeout(now);
    this.#receiver.handleTimeout(now);
    const verdict = this.#keepAlive.check(now);
    if (verdict === "ping") {
      this.#outbox.send({ type: "pingreq" }); // [MQTT-3.1.2-20] [MQTT311-3.1.2-23]
      this.#keepAlive.pinged(now);
      this.#askedAt = now;
    } else if (verdict === "dead") {
      // [MQTT-3.12.4-1]
      // [MQTT311-3.12.4-1]
      this.#end(new TransportError("The server has been silent for too long", { failure: "silence" }));
    }
  }

  /** The transport is gone. What belongs to the connection is given up; messages under way stay. */
  transportClosed(cause: MqttError | undefined): void {
    if (this.#state.name === "offline") return;
    const error = cause ?? new TransportError("The server closed the connection");
    if (this.#state.name !== "ended") this.#end(error);
    this.#state = { name: "offline" };
  }

  // Commands

  /** Begins a connection over a transport that is open. */
  connect(request: ConnectRequest, now: number): void {
    const { packet, timeoutMs } = request;
    this.#outbox.batch.takePieces(); // What an earlier connection did not get away.
    this.#outbox.batch.version = packet.protocolVersion;
    this.#outbox.send(packet); // [MQTT-3.1.0-1] [MQTT311-3.1.0-1]
    this.#askedAt = now;
    this.#state = { name: "connecting", request, deadline: now + timeoutMs };
    const { authenticationMethod, requestProblemInformation } = packet.properties ?? {};
    if (authenticationMethod !== undefined) this.#authentication = new Authentication(authenticationMethod);
    this.#isProblemUnwanted = requestProblemInformation === 0;
  }

  /** The server's last word in the AUTH exchange is right: CONNACK counts. `receiveHeld` follows. */
  accept(now: number): void {
    const connack = this.#authentication.held.shift();
    try {
      if (connack !== undefined) this.#dispatch(connack[0], now);
    } catch (error) {
      this.fail(error as MqttError);
    }
  }

  /** After `accept`: what came after CONNACK meanwhile. */
  receiveHeld(now: number): void {
    for (const [packet, byteLength] of this.#authentication.held.splice(0)) this.receive(packet, byteLength, now);
  }

  /** Sends an AUTH: the next word of an exchange (0x18), or the first one of a re-authentication (0x19). */
  authenticate(reasonCode: number, authenticationData: Uint8Array | undefined): void {
    if (this.#authentication.method === undefined) return; // Of a connection that is over, too.
    this.#outbox.send(this.#authentication.next(reasonCode, authenticationData));
  }

  /**
   * Takes up what has been written down of a Session; `isStored` in the store of this one. Once a connection is there,
   * as if it had been there from the beginning.
   *
   * @throws StoreError when Packet Identifiers are in use, which may be those of the records; nothing has changed then.
   */
  restore(records: readonly SessionRecord[], isStored: boolean): void {
    if (this.#sender.isInUse || this.#receiver.isInUse) {
      throw new StoreError("Packet identifiers are in use: a session cannot be restored now");
    }
    this.#receiver.restore(records.filter(({ key }) => key.startsWith("in/")) as IncomingRecord[]);
    for (const record of records) if ("subscription" in record) this.subscriptions.put(record);
    if (isStored) this.changes(); // All that is there already; and what was queued meanwhile gets another place.
    const outgoing = records.filter(({ key }) => key.startsWith("out/"));
    this.#sender.restore(outgoing as OutgoingRecord[], isStored);
    if (this.#connected !== undefined) this.#takeUp(this.#connected);
  }

  /** As `Sender.publish`. */
  publish(packet: PublishPacket, context?: Context): Outgoing<Context> | undefined {
    this.#checkOpen();
    return this.#sender.publish(packet, context);
  }

  /** Sends a SUBSCRIBE or UNSUBSCRIBE; only while connected. As `Sender.request`. */
  request(
    packet: Request,
    context: Context,
    patience: { readonly sentAt: number; readonly timeoutMs: number },
  ): Exchange<Context> {
    this.#checkOpen();
    const exchange = this.#sender.request(packet, { context, ...patience });
    if (packet.type === "unsubscribe") this.subscriptions.unsubscribed(packet.topicFilters);
    return exchange;
  }

  /** As `Sender.cancel`. */
  cancel(exchange: Exchange<Context>): void {
    this.#sender.cancel(exchange);
  }

  /** The application is done with a message; its acknowledgement leaves when those before it have. */
  acknowledge(exchange: IncomingExchange, acknowledgement?: Acknowledgement, held?: PublishPacket): void {
    this.#receiver.acknowledge(exchange, acknowledgement, held);
  }

  /** Sends bytes as they are, behind the packets that wait. */
  sendRaw(bytes: Uint8Array): void {
    this.#outbox.batch.addBytes(bytes);
  }

  /** As `Receiver.release`. */
  release(exchange: IncomingExchange): void {
    this.#receiver.release(exchange);
  }

  /** As `Receiver.forget`. */
  forget(exchange: IncomingExchange): void {
    this.#receiver.forget(exchange);
  }

  /**
   * Ends the connection when nothing is under way any more, or at `deadline`, whichever comes first.
   *
   * @throws the errors of `encode` for the farewell; nothing has changed then.
   */
  disconnect(farewell: DisconnectPacket, deadline: number): void {
    const { name } = this.#state;
    if (name === "connected") {
      this.#outbox.check(farewell);
      this.#state = { name: "draining", farewell, deadline };
    } else if (name === "connecting") {
      this.#end(new ClosedError("The client was disconnected before the server had answered"));
    }
  }

  /** The application gives everything up. What the server may know of too is kept, and goes on if the Session does. */
  abandon(error: MqttError): void {
    this.#sender.abandon(error);
    this.#receiver.abandon();
    this.#subscriptions?.abandon();
  }

  // Outputs

  /** What is to be written down, in order, before the bytes are sent that `transmit` has returned. */
  changes(): JournalEntry[] {
    return this.#outbox.journal.take();
  }

  /** The bytes to send now, in one piece unless a payload is large; none when there are none. */
  transmit(now: number): Uint8Array[] {
    this.#sender.pump();
    if (this.#state.name === "draining" && this.#sender.queuedMessages === 0 && !this.#sender.isAwaited) {
      this.#leave(this.#state.farewell);
    }
    const pieces = this.#outbox.batch.takePieces();
    if (pieces.length > 0) this.#keepAlive.sent(now);
    this.#sender.repetition?.batchTaken();
    return pieces;
  }

  /** Whether there is anything for `events`. */
  get hasEvents(): boolean {
    return this.#outbox.events.length > 0;
  }

  /** What has happened since the last time, in order. */
  events(): SessionEvent<Context>[] {
    const { events } = this.#outbox;
    if (events.length > 0) this.#outbox.events = [];
    return events;
  }

  /** When to call `handleTimeout`; Infinity when nothing is to be waited for. */
  get nextDeadline(): number {
    const state = this.#state;
    const own = "deadline" in state ? state.deadline : Infinity;
    return Math.min(own, this.#keepAlive.deadline, this.#sender.deadline, this.#receiver.deadline);
  }

  #dispatch(packet: ControlPacket, now: number): void {
    switch (packet.type) {
      case "connack":
        this.#connack(packet, now);
        break;
      case "publish":
        this.#receiver.publish(packet, now); // [MQTT311-3.1.2-5]
        break;
      case "pubrel":
        this.#receiver.pubrel(packet);
        break;
      case "puback":
      case "pubrec":
      case "pubcomp":
      case "suback":
      case "unsuback":
        this.#answered(packet);
        break;
      case "auth":
        this.#authentication.check(packet, this.#state.name === "connecting");
        this.#outbox.emit({ type: "auth", packet });
        break;
      case "pingresp":
        this.#keepAlive.answered();
        break;
      case "disconnect":
        this.#serverDisconnect(packet);
        break;
      default:
        throw unexpected(packet);
    }
  }

  #connack(packet: ConnackPacket, now: number): void {
    if (this.#state.name !== "connecting") return;
    const { request } = this.#state;
    const { reasonCode } = packet;
    if (reasonCode !== 0) {
      // [MQTT-3.2.2-7] [MQTT-3.1.3-8] [MQTT-3.1.4-6] [MQTT-3.2.2-12] [MQTT-3.2.2-13] [MQTT-4.12.0-1] [MQTT-4.12.0-4]
      // [MQTT-4.13.2-1] [MQTT311-3.1.2-2] [MQTT311-3.1.3-8] [MQTT311-3.1.3-9] [MQTT311-3.1.4-5] [MQTT311-3.2.2-5]
      this.#end(new ConnectionRefusedError(reasonCode, packet.properties));
      return;
    }
    // [MQTT-3.2.2-2] [MQTT-3.2.2-4] [MQTT311-3.2.2-1]
    if (packet.sessionPresent && (request.packet.cleanStart || request.expectsSession === false)) {
      throw new ProtocolError("The server has a session present for a client that has none");
    }
    const { keepAlive, properties = {} } = request.packet;
    const sessionExpiryInterval = properties.sessionExpiryInterval ?? 0;
    const server = readServer(packet, this.version, { keepAlive, sessionExpiryInterval });
    if (server.maximumPacketSize < leastMaximumPacketSize) {
      const message = `The server takes packets of ${server.maximumPacketSize} bytes at most: too few to talk to it`;
      this.#end(new UnsupportedError("maximumPacketSize", message));
      return;
    }
    this.#outbox.batch.maximumPacketSize = server.maximumPacketSize; // [MQTT-3.2.2-15]
    this.#keepAlive = new KeepAlive(server.keepAlive * 1000, request.pingTimeoutMs, now);
    this.#state = { name: "connected" }; // [MQTT311-3.1.4-4]
    this.#outbox.emit({ type: "connected", server });
    const { maxInflight, sessionLost, republishMs, resubscribe } = request;
    this.#connected = {
      // MQTT 3.1 does not tell: when it was to keep the Session, messages go on, and subscriptions are made to be sure.
      hasSession: server.sessionPresent || (this.version === 3 && !request.packet.cleanStart),
      receiveMaximum: this.version === 5 ? (properties.receiveMaximum ?? 65_535) : Infinity,
      topicAliasMaximum: properties.topicAliasMaximum ?? 0,
      ...{ server, maxInflight, sessionLost, republishMs, resubscribe, now },
    };
    this.#takeUp(this.#connected);
  }

  /** Goes on with the Session where it was, or tells what was lost with it. */
  #takeUp(connected: Connected): void {
    const { server, hasSession, resubscribe, now } = connected;
    this.#receiver.connected(connected, hasSession);
    this.#sender.connected(server, connected);
    if (!server.sessionPresent && resubscribe !== false) {
      this.#subscriptions?.resubscribe(server, (subscribe) => {
        this.#sender.request(subscribe);
      });
    }
    this.#sender.repeatRequests(server, now);
  }

  #answered(packet: Answer): void {
    const exchange = this.#sender.answered(packet);
    // A SUBSCRIBE that was under way with it may have been granted since.
    if (exchange?.packet.type === "unsubscribe") {
      const gone = exchange.packet.topicFilters.filter((one) => !this.#sender.requests.isRequested(one));
      this.subscriptions.unsubscribed(gone);
    }
    if (packet.type !== "suback" || exchange?.packet.type !== "subscribe") return;
    const isOurs = exchange.timeoutMs === undefined;
    // What nobody waits for any more is about to be unsubscribed again.
    if (isOurs || exchange.context !== undefined) this.subscriptions.answered(exchange.packet, packet, isOurs);
  }

  #serverDisconnect(packet: DisconnectPacket): void {
    if (this.version < 5) throw unexpected(packet);
    // [MQTT-3.14.2-2]
    if (packet.properties?.sessionExpiryInterval !== undefined) {
      throw new ProtocolError("The server sent a session expiry interval in DISCONNECT");
    }
    this.#end(new ServerDisconnectError(packet.reasonCode, packet.properties)); // [MQTT-4.13.2-1] [MQTT-3.1.4-3]
  }

  /** Sends the last packet, and ends. Nothing is sent after it [MQTT-3.14.4-1]. */
  #leave(farewell: DisconnectPacket): void {
    this.#outbox.sendTrimmed(farewell);
    this.#end(undefined); // [MQTT-3.14.4-1] [MQTT311-3.14.4-2]
  }

  #end(error: MqttError | undefined): void {
    this.#state = { name: "ended" };
    this.#keepAlive = off;
    this.#outbox.batch.maximumPacketSize = Infinity;
    this.#sender.disconnected();
    this.#receiver.disconnected();
    this.#authentication = unauthenticated;
    this.#connected = undefined;
    this.#outbox.emit({ type: "ended", error });
  }

  #checkOpen(): void {
    if (this.#state.name === "draining") throw new ClosedError("The client is being disconnected");
  }
}

function unexpected({ type }: ControlPacket): ProtocolError {
  return new ProtocolError(`The server sent ${type.toUpperCase()}, which it may not`);
}

/** Whether a packet has what Request Problem Information is about (section 3.1.2.11.7). */
function explains({ type, ...packet }: ControlPacket): boolean {
  if (type === "publish" || type === "connack" || type === "disconnect") return false;
  const { reasonString, userProperties } = (packet as Partial<PubackPacket>).properties ?? {};
  return reasonString !== undefined || userProperties !== undefined;
}
