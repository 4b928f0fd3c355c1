import {
  ProtocolError,
  reasonCodes,
  isReasonCodeOf,
  type ConnackPacket,
  type ConnectPacket,
  type ControlPacket,
  type DisconnectPacket,
  type PacketType,
  type ProtocolVersion,
  type PublishPacket,
} from "@rivulet/codec";
import {
  ClosedError,
  ConnectionRefusedError,
  MqttError,
  ServerDisconnectError,
  TimeoutError,
  TransportError,
} from "../errors.ts";
import type { SessionEvent } from "./events.ts";
import type { Acknowledgement, IncomingExchange } from "./incoming.ts";
import { KeepAlive } from "./keep-alive.ts";
import { Outbox } from "./outbox.ts";
import type { OutgoingExchange } from "./outgoing.ts";
import { PacketIdentifiers } from "./packet-identifiers.ts";
import { Publisher, type QueueLimits } from "./publisher.ts";
import { Receiver } from "./receiver.ts";
import { Requests, type SubscribeRequest, type UnsubscribeRequest } from "./requests.ts";
import { returnCodeText } from "./return-codes.ts";
import { readServer, type Server } from "./server.ts";

// Theory of operation
//
// A Session is the protocol as a state machine without I/O. Whoever runs it tells it what came in (packets, bytes, time,
// the end of the transport) and what the application wants, and afterwards drains what has come of it, in this order:
// `transmit()`, the bytes to send; `events()`, what happened; `nextDeadline`, when to call `handleTimeout`. It holds no
// promise, timer, stream or clock; time is an argument. A peer's fault becomes an `ended` event and, in MQTT 5.0, a
// DISCONNECT; a caller's mistake throws, and nothing has changed then.
//
// The states of the Network Connection, and the packets that may come in each; any other is a Protocol Error:
//
//   offline     no connection                      -> connecting by `connect`
//   connecting  CONNECT is sent                    -> connected by CONNACK, ended by refusal or timeout
//   connected   everything is possible             -> draining by `disconnect`
//   draining    finishes what is under way         -> ended when nothing is left, or its time is over
//   ended       nothing more is sent or heard      -> offline by `transportClosed`
//
// Publisher, Receiver and Requests each see one kind of exchange through. All of them put packets into one Outbox.

type SessionState =
  | { readonly name: "offline" }
  | { readonly name: "connecting"; readonly request: ConnectRequest; readonly deadline: number }
  | { readonly name: "connected"; readonly server: Server }
  | {
      readonly name: "draining";
      readonly server: Server;
      readonly farewell: DisconnectPacket;
      readonly deadline: number;
    }
  | { readonly name: "ended" };

const whileConnected: ReadonlySet<PacketType> = new Set<PacketType>([
  "publish",
  "puback",
  "pubrec",
  "pubrel",
  "pubcomp",
  "suback",
  "unsuback",
  "pingresp",
  "disconnect",
]);

const legal: Readonly<Record<SessionState["name"], ReadonlySet<PacketType>>> = {
  offline: new Set(),
  // [MQTT-3.2.0-1]; AUTH only comes to those who name a method [MQTT-4.12.0-6], and this client names none.
  connecting: new Set<PacketType>(["connack"]),
  connected: whileConnected, // [MQTT-3.2.0-2]
  draining: whileConnected,
  ended: new Set(),
};

/** What a Session needs to know to begin a connection. */
export interface ConnectRequest {
  readonly packet: ConnectPacket;
  /** Time to wait for CONNACK, in ms. */
  readonly timeoutMs: number;
  /** Our own cap on QoS 1 and 2 messages in flight to the server. */
  readonly maxInflight: number;
  /** In ms; default: half of the Keep Alive. */
  readonly pingTimeoutMs?: number | undefined;
}

/** The MQTT protocol of one client, from one connection to the next, without I/O. */
export class Session<Context> {
  // lives as long as the Session
  readonly #outbox = new Outbox<Context>();
  readonly #publisher: Publisher<Context>;
  readonly #receiver: Receiver<Context>;
  readonly #requests: Requests<Context>;

  // lives as long as the Network Connection
  #state: SessionState = { name: "offline" };
  #keepAlive = new KeepAlive(0, undefined, 0);

  constructor(options: { readonly version: ProtocolVersion; readonly queue: QueueLimits }) {
    const identifiers = new PacketIdentifiers();
    this.#outbox.reset(options.version);
    this.#publisher = new Publisher(this.#outbox, identifiers, options.queue);
    this.#receiver = new Receiver(this.#outbox);
    this.#requests = new Requests(this.#outbox, identifiers);
  }

  // Getters

  get state(): SessionState["name"] {
    return this.#state.name;
  }

  get version(): ProtocolVersion {
    return this.#outbox.version;
  }

  /** Bytes that wait to be sent: the batch, and the messages that did not fit into it. */
  get bufferedBytes(): number {
    return this.#outbox.byteLength + this.#publisher.queuedBytes;
  }

  /** Bytes of the batch that `transmit` would return. */
  get batchBytes(): number {
    return this.#outbox.byteLength;
  }

  /** Whether a message published now would be sent without waiting for others. */
  get isReadyToSend(): boolean {
    return this.#publisher.queuedBytes === 0 && this.#outbox.hasRoom;
  }

  /** Whether the server owes us an answer, so that not reading would be waiting for ourselves. */
  get isAwaitingServer(): boolean {
    const { name } = this.#state;
    if (name === "connecting" || name === "draining") return true;
    return this.#publisher.outgoingSize > 0 || this.#requests.size > 0 || this.#keepAlive.isPingOutstanding;
  }

  get outgoing(): Iterable<OutgoingExchange<Context>> {
    return this.#publisher.outgoing;
  }

  get incoming(): Iterable<IncomingExchange> {
    return this.#receiver.incoming;
  }

  /** Whether packets are shown as events. */
  set tracing(tracing: boolean) {
    this.#outbox.tracing = tracing;
  }

  // Inputs

  /** Bytes came, whatever they are: a sign of life. */
  bytesReceived(now: number): void {
    this.#keepAlive.received(now);
  }

  receive(packet: ControlPacket, byteLength: number, now: number): void {
    const { name } = this.#state;
    if (name === "ended") return; // Nothing that follows our own end is of interest [MQTT-3.14.4-2].
    if (this.#outbox.tracing) this.#outbox.emit({ type: "packet", direction: "in", packet, byteLength });
    try {
      if (!legal[name].has(packet.type)) {
        throw new ProtocolError(`The server sent ${packet.type.toUpperCase()} to a client that is ${name}`);
      }
      this.#dispatch(packet, now);
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
    this.#end(error);
  }

  handleTimeout(now: number): void {
    const state = this.#state;
    if (state.name === "connecting" && now >= state.deadline) {
      this.#end(new TimeoutError("The server's answer to CONNECT", state.request.timeoutMs));
    } else if (state.name === "draining" && now >= state.deadline) {
      this.#leave(state.farewell);
    } else if (state.name === "connected" || state.name === "draining") {
      this.#requests.handleTimeout(now);
      this.#checkKeepAlive(now);
    }
  }

  /** The transport is gone. What belongs to the connection is given up; messages under way stay. */
  transportClosed(cause: MqttError | undefined): void {
    if (this.#state.name === "offline") return;
    const error = cause ?? new TransportError("The server closed the connection");
    if (this.#state.name !== "ended") this.#end(error);
    this.#requests.abandon(error);
    this.#state = { name: "offline" };
  }

  // Commands

  /** Begins a connection over a transport that is open. */
  connect(request: ConnectRequest, now: number): void {
    const { packet, timeoutMs, pingTimeoutMs } = request;
    this.#outbox.reset(packet.protocolVersion);
    this.#keepAlive = new KeepAlive(0, pingTimeoutMs, now);
    this.#outbox.send(packet); // [MQTT-3.1.0-1]
    this.#state = { name: "connecting", request, deadline: now + timeoutMs };
  }

  /** As `Publisher.publish`. */
  publish(packet: PublishPacket, context: Context): OutgoingExchange<Context> | undefined {
    this.#checkOpen();
    return this.#publisher.publish(packet, context);
  }

  /** As `Publisher.cancel`. */
  cancelPublish(exchange: OutgoingExchange<Context>): void {
    this.#publisher.cancel(exchange);
  }

  /** Sends a SUBSCRIBE or UNSUBSCRIBE; only while connected. */
  request(
    request: SubscribeRequest | UnsubscribeRequest,
    context: Context,
    time: { readonly now: number; readonly timeoutMs: number },
  ): void {
    this.#checkOpen();
    this.#requests.send(request, context, time);
  }

  /** Nobody waits for this request's answer any more. */
  cancelRequest(context: Context): void {
    this.#requests.cancel(context);
  }

  /** The application is done with a message; its acknowledgement leaves when those before it have. */
  acknowledge(exchange: IncomingExchange, acknowledgement?: Acknowledgement): void {
    this.#receiver.acknowledge(exchange, acknowledgement);
  }

  /** Ends the connection when nothing is under way any more, or at `deadline`, whichever comes first. */
  disconnect(farewell: DisconnectPacket, deadline: number): void {
    const state = this.#state;
    if (state.name === "connected") {
      this.#state = { name: "draining", server: state.server, farewell, deadline };
    } else if (state.name === "connecting") {
      this.#end(new ClosedError("The client was disconnected before the server had answered"));
    }
  }

  /** Gives up all messages, under way or waiting. */
  abandon(error: MqttError): void {
    this.#publisher.abandon(error);
    this.#requests.abandon(error);
  }

  // Outputs

  /** The bytes to send now, in one piece; empty when there are none. */
  transmit(now: number): Uint8Array {
    this.#publisher.pump();
    if (this.#state.name === "draining" && this.#publisher.isIdle && this.#requests.size === 0) {
      this.#leave(this.#state.farewell);
    }
    const bytes = this.#outbox.take();
    if (bytes.length > 0) this.#keepAlive.sent(now);
    return bytes;
  }

  /** What has happened since the last time, in order. */
  events(): SessionEvent<Context>[] {
    return this.#outbox.takeEvents();
  }

  /** When to call `handleTimeout`; Infinity when nothing is to be waited for. */
  get nextDeadline(): number {
    const state = this.#state;
    if (state.name === "connecting") return state.deadline;
    if (state.name !== "connected" && state.name !== "draining") return Infinity;
    const deadline = Math.min(this.#keepAlive.deadline, this.#requests.deadline);
    return state.name === "draining" ? Math.min(deadline, state.deadline) : deadline;
  }

  #dispatch(packet: ControlPacket, now: number): void {
    switch (packet.type) {
      case "connack":
        this.#connack(packet, now);
        break;
      case "publish":
        this.#receiver.publish(packet);
        break;
      case "pubrel":
        this.#receiver.pubrel(packet);
        break;
      case "puback":
        this.#publisher.puback(packet);
        break;
      case "pubrec":
        this.#publisher.pubrec(packet);
        break;
      case "pubcomp":
        this.#publisher.pubcomp(packet);
        break;
      case "suback":
      case "unsuback":
        this.#requests.answer(packet);
        break;
      case "pingresp":
        this.#keepAlive.answered();
        break;
      case "disconnect":
        this.#serverDisconnect(packet);
        break;
    }
  }

  #connack(packet: ConnackPacket, now: number): void {
    if (this.#state.name !== "connecting") return;
    const { request } = this.#state;
    const { reasonCode } = packet;
    if (reasonCode !== 0) {
      const reasonString = packet.properties?.reasonString;
      const text = returnCodeText(reasonCode);
      this.#end(new ConnectionRefusedError(reasonCode, { reasonString, ...(text === undefined ? {} : { text }) }));
      return;
    }
    // [MQTT-3.2.2-2] [MQTT-3.2.2-4] [MQTT311-3.2.2-1]
    if (packet.sessionPresent && request.packet.cleanStart) {
      throw new ProtocolError("The server has a session present for a client that asked for a clean start");
    }
    const { keepAlive, properties = {} } = request.packet;
    const sessionExpiryInterval = properties.sessionExpiryInterval ?? 0;
    const server = readServer(packet, this.version, { keepAlive, sessionExpiryInterval });
    this.#outbox.limit(server.maximumPacketSize); // [MQTT-3.2.2-15]
    this.#keepAlive = new KeepAlive(server.keepAlive * 1000, request.pingTimeoutMs, now);
    this.#publisher.open(server, request.maxInflight);
    this.#receiver.open({
      receiveMaximum: this.version === 5 ? (properties.receiveMaximum ?? 65_535) : Infinity,
      topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    });
    this.#state = { name: "connected", server };
    this.#outbox.emit({ type: "connected", connack: packet, server });
  }

  #serverDisconnect(packet: DisconnectPacket): void {
    if (this.version < 5) throw new ProtocolError("The server sent DISCONNECT, which only a client may in MQTT 3.1.1");
    // [MQTT-3.14.2-2]
    if (packet.properties?.sessionExpiryInterval !== undefined) {
      throw new ProtocolError("The server sent a session expiry interval in DISCONNECT");
    }
    this.#end(new ServerDisconnectError(packet.reasonCode, { reasonString: packet.properties?.reasonString }));
  }

  #checkKeepAlive(now: number): void {
    const verdict = this.#keepAlive.check(now);
    if (verdict === "ping") {
      this.#outbox.send({ type: "pingreq" }); // [MQTT-3.1.2-20]
      this.#keepAlive.pinged(now);
    } else if (verdict === "dead") {
      // [MQTT-3.12.4-1]
      this.#end(new TransportError("The server has been silent for too long, and the connection is taken to be lost"));
    }
  }

  /** Sends the last packet, and ends. Nothing is sent after it [MQTT-3.14.4-1]. */
  #leave(farewell: DisconnectPacket): void {
    this.#outbox.send(farewell);
    this.#end(undefined);
  }

  #end(error: MqttError | undefined): void {
    this.#state = { name: "ended" };
    this.#publisher.close();
    this.#receiver.close();
    this.#outbox.emit({ type: "ended", error });
  }

  #checkOpen(): void {
    const { name } = this.#state;
    if (name === "draining" || name === "ended") throw new ClosedError("The client is being disconnected");
  }
}
