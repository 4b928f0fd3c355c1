import {
  ProtocolError,
  reasonCodes,
  isReasonCodeOf,
  type ConnackPacket,
  type ConnectPacket,
  type ControlPacket,
  type DisconnectPacket,
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
  UnsupportedError,
} from "../errors.ts";
import type { SessionEvent } from "./events.ts";
import { KeepAlive } from "./keep-alive.ts";
import { Outbox } from "./outbox.ts";
import { Receiver } from "./receiver.ts";
import type { Acknowledgement, Exchange, IncomingExchange, Request } from "./exchanges.ts";
import { Sender, type QueueLimits } from "./sender.ts";
import { readServer } from "./server.ts";

// Theory of operation
//
// A Session is the protocol as a state machine without I/O. Whoever runs it tells it what came in (packets, bytes, time,
// the end of the transport) and what the application wants, and afterwards drains what has come of it, in this order:
// `transmit()`, the bytes to send; `events()`, what happened; `nextDeadline`, when to call `handleTimeout`. It holds no
// promise, timer, stream or clock; time is an argument. A peer's fault becomes an `ended` event and, in MQTT 5.0, a
// DISCONNECT; a caller's mistake throws, and nothing has changed then.
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
// Sender sees the exchanges through that we begin, Receiver those that the server begins. Both put packets into one
// Outbox.

type SessionState =
  | { readonly name: "offline" | "connected" | "ended" }
  | { readonly name: "connecting"; readonly request: ConnectRequest; readonly deadline: number }
  | { readonly name: "draining"; readonly farewell: DisconnectPacket; readonly deadline: number };

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

/** Bytes of an acknowledgement with a Reason Code: what cannot be left unsaid, such as DISCONNECT, is no larger. */
const leastMaximumPacketSize = 5;

/** Until there is a connection, and after its end, nothing is to be kept alive. */
const off = new KeepAlive(0, undefined, 0);

/** What a Session is made with. */
export interface SessionOptions {
  /** The version that messages are checked for before there is a connection. */
  readonly version: ProtocolVersion;
  readonly queue?: QueueLimits | undefined;
  /** Whether packets are to be shown as events. Default: no. */
  readonly isTracing?: () => boolean;
}

/** The MQTT protocol of one client, from one connection to the next, without I/O. */
export class Session<Context> {
  // lives as long as the Session
  readonly #outbox: Outbox<Context>;
  readonly #sender: Sender<Context>;
  readonly #receiver: Receiver<Context>;

  // lives as long as the Network Connection
  #state: SessionState = { name: "offline" };
  #keepAlive = off;

  constructor({ version, queue = {}, isTracing = () => false }: SessionOptions) {
    this.#outbox = new Outbox(isTracing);
    this.#outbox.batch.version = version;
    this.#sender = new Sender(this.#outbox, queue);
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

  // Inputs

  /** Bytes came, whatever they are: a sign of life. */
  bytesReceived(now: number): void {
    this.#keepAlive.received(now);
  }

  /** A packet came. One that may not come ends the connection. */
  receive(packet: ControlPacket, byteLength: number, now: number): void {
    const { name } = this.#state;
    // Nothing that follows the end is of interest [MQTT-3.14.4-2].
    if (name === "ended" || name === "offline") return;
    if (this.#outbox.isTracing()) this.#outbox.emit({ type: "packet", direction: "in", packet, byteLength });
    try {
      // [MQTT-3.2.0-1] [MQTT-3.2.0-2]; AUTH before it comes only to those who name a method [MQTT-4.12.0-6].
      if ((name === "connecting") !== (packet.type === "connack")) {
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

  /** A deadline may have passed. */
  handleTimeout(now: number): void {
    const state = this.#state;
    if ("deadline" in state && now >= state.deadline) {
      if (state.name === "draining") this.#leave(state.farewell);
      else this.#end(new TimeoutError("The server's answer to CONNECT", state.request.timeoutMs));
      return;
    }
    this.#sender.handleTimeout(now);
    const verdict = this.#keepAlive.check(now);
    if (verdict === "ping") {
      this.#outbox.send({ type: "pingreq" }); // [MQTT-3.1.2-20]
      this.#keepAlive.pinged(now);
    } else if (verdict === "dead") {
      // [MQTT-3.12.4-1]
      this.#end(new TransportError("The server has been silent for too long: the connection is taken to be lost"));
    }
  }

  /** The transport is gone. What belongs to the connection is given up; messages under way stay. */
  transportClosed(cause: MqttError | undefined): void {
    if (this.#state.name === "offline") return;
    const error = cause ?? new TransportError("The server closed the connection");
    if (this.#state.name !== "ended") this.#end(error);
    this.#sender.abandon(error, true);
    this.#state = { name: "offline" };
  }

  // Commands

  /** Begins a connection over a transport that is open. */
  connect(request: ConnectRequest, now: number): void {
    const { packet, timeoutMs } = request;
    const { batch } = this.#outbox;
    batch.take(); // What an earlier connection did not get away.
    batch.version = packet.protocolVersion;
    this.#outbox.send(packet); // [MQTT-3.1.0-1]
    this.#state = { name: "connecting", request, deadline: now + timeoutMs };
  }

  /** As `Sender.publish`. */
  publish(packet: PublishPacket, context: Context): Exchange<Context> | undefined {
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
    return this.#sender.request(packet, context, patience);
  }

  /** As `Sender.cancel`. */
  cancel(exchange: Exchange<Context>): void {
    this.#sender.cancel(exchange);
  }

  /** The application is done with a message; its acknowledgement leaves when those before it have. */
  acknowledge(exchange: IncomingExchange, acknowledgement?: Acknowledgement): void {
    this.#receiver.acknowledge(exchange, acknowledgement);
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

  /** Gives up all messages, under way or waiting. */
  abandon(error: MqttError): void {
    this.#sender.abandon(error);
  }

  // Outputs

  /** The bytes to send now, in one piece; empty when there are none. */
  transmit(now: number): Uint8Array {
    this.#sender.pump();
    if (this.#state.name === "draining" && this.#sender.queuedMessages === 0 && !this.#sender.isAwaited) {
      this.#leave(this.#state.farewell);
    }
    const bytes = this.#outbox.batch.take();
    if (bytes.length > 0) this.#keepAlive.sent(now);
    return bytes;
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
    return Math.min(own, this.#keepAlive.deadline, this.#sender.deadline);
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
      case "pubrec":
      case "pubcomp":
      case "suback":
      case "unsuback":
        this.#sender.answered(packet);
        break;
      case "pingresp":
        this.#keepAlive.answered();
        break;
      case "disconnect":
        this.#serverDisconnect(packet);
        break;
      default:
        throw new ProtocolError(`The server sent ${packet.type.toUpperCase()}, which it may not`);
    }
  }

  #connack(packet: ConnackPacket, now: number): void {
    if (this.#state.name !== "connecting") return;
    const { request } = this.#state;
    const { reasonCode } = packet;
    if (reasonCode !== 0) {
      this.#end(new ConnectionRefusedError(reasonCode, { reasonString: packet.properties?.reasonString }));
      return;
    }
    // [MQTT-3.2.2-2] [MQTT-3.2.2-4] [MQTT311-3.2.2-1]
    if (packet.sessionPresent && request.packet.cleanStart) {
      throw new ProtocolError("The server has a session present for a client that asked for a clean start");
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
    this.#sender.connected(server, request.maxInflight);
    this.#receiver.connected({
      receiveMaximum: this.version === 5 ? (properties.receiveMaximum ?? 65_535) : Infinity,
      topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    });
    this.#state = { name: "connected" };
    this.#outbox.emit({ type: "connected", server });
  }

  #serverDisconnect(packet: DisconnectPacket): void {
    if (this.version < 5) throw new ProtocolError("The server sent DISCONNECT, which only a client may in MQTT 3.1.1");
    // [MQTT-3.14.2-2]
    if (packet.properties?.sessionExpiryInterval !== undefined) {
      throw new ProtocolError("The server sent a session expiry interval in DISCONNECT");
    }
    this.#end(new ServerDisconnectError(packet.reasonCode, { reasonString: packet.properties?.reasonString }));
  }

  /** Sends the last packet, and ends. Nothing is sent after it [MQTT-3.14.4-1]. */
  #leave(farewell: DisconnectPacket): void {
    this.#outbox.sendTrimmed(farewell);
    this.#end(undefined);
  }

  #end(error: MqttError | undefined): void {
    this.#state = { name: "ended" };
    this.#keepAlive = off;
    this.#outbox.batch.maximumPacketSize = Infinity;
    this.#sender.connected(undefined, 0);
    this.#receiver.connected(undefined);
    this.#outbox.emit({ type: "ended", error });
  }

  #checkOpen(): void {
    if (this.#state.name === "draining") throw new ClosedError("The client is being disconnected");
  }
}
