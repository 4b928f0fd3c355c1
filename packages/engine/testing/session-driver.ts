/** Runs a Session without I/O: packets go both ways as bytes, and time passes when a test says so. */

import { Decoder, encode, type ConnectPacket, type ControlPacketInput, type PublishPacket } from "@rivulet/codec";
import type { ConnackPacket, ControlPacket, PacketProperties, PacketType, ProtocolVersion } from "@rivulet/codec";
import {
  Session,
  type ConnectRequest,
  type Exchange,
  type QueueLimits,
  type Request,
  type SessionEvent,
  type SessionOptions,
} from "@rivulet/engine";

/** What `SessionDriver` is made with. */
export interface DriverOptions {
  /** Default: 5. */
  readonly version?: ProtocolVersion;
  readonly queue?: QueueLimits;
  readonly isTracing?: () => boolean;
  readonly maxInflight?: number;
  readonly timeoutMs?: number;
  readonly pingTimeoutMs?: number;
  readonly connect?: Partial<Omit<ConnectPacket, "type">>;
  /** What else the Session is made with. Its wall clock is that of the test. */
  readonly session?: Partial<SessionOptions>;
  /** What else it is connected with. */
  readonly request?: Partial<ConnectRequest>;
}

/** The event of one type. */
export type EventOf<T extends SessionEvent<string>["type"]> = Extract<SessionEvent<string>, { type: T }>;

/** What `connected` may be told of the CONNACK. */
export type ConnackOptions = PacketProperties<"connack"> & Partial<Pick<ConnackPacket, "sessionPresent">>;

/** A Session, the server that it believes to talk to, and the clock. Contexts are strings. */
export class SessionDriver {
  readonly session: Session<string>;
  readonly version: ProtocolVersion;
  now = 0;
  /** What `transmit` has returned so far, each batch decoded. */
  readonly batches: ControlPacket[][] = [];
  readonly #options: DriverOptions;
  #fromClient: Decoder;
  #fromServer: Decoder;

  constructor(options: DriverOptions = {}) {
    const { version = 5, queue, isTracing } = options;
    this.version = version;
    this.#options = options;
    this.#fromClient = new Decoder({ version });
    this.#fromServer = new Decoder({ version });
    const wallNow = (): number => this.now;
    const given = { version, queue, wallNow, ...options.session };
    this.session = new Session<string>({ ...given, ...(isTracing === undefined ? {} : { isTracing }) });
  }

  /** Begins a connection; CONNECT is in the batch then. */
  connect(version: ProtocolVersion = this.version): this {
    this.#fromClient = new Decoder({ version });
    this.#fromServer = new Decoder({ version });
    const { maxInflight = 1000, timeoutMs = 30_000, pingTimeoutMs, connect, request } = this.#options;
    const packet = { cleanStart: true, keepAlive: 60, clientIdentifier: "kitchen", protocolVersion: version };
    this.session.connect(
      { packet: { ...packet, ...connect, type: "connect" }, maxInflight, timeoutMs, pingTimeoutMs, ...request },
      this.now,
    );
    return this;
  }

  /** A connection that the server has accepted. What led to it is drained. */
  connected({ sessionPresent = false, ...properties }: ConnackOptions = {}): this {
    if (this.session.state === "offline") this.connect();
    this.receive({ type: "connack", sessionPresent, ...(Object.keys(properties).length > 0 ? { properties } : {}) });
    this.sent();
    this.events();
    return this;
  }

  /** The connection is lost. What that leads to is not drained. */
  lose(): this {
    this.session.transportClosed(undefined);
    return this;
  }

  /** The connection is lost, and another one made; by default to a server that has the Session. */
  again(connack: ConnackOptions = {}, version: ProtocolVersion = this.version): this {
    const { sessionPresent = version > 3, ...properties } = connack;
    this.lose().connect(version).sent();
    return this.receive({ type: "connack", sessionPresent, ...(version === 5 ? { properties } : {}) });
  }

  /** The server sends packets, which travel as bytes. */
  receive(...packets: ControlPacketInput[]): this {
    for (const packet of packets) this.receiveBytes(encode(packet, this.session.version));
    return this;
  }

  /** The server sends bytes that need not be what the codec would write. */
  receiveBytes(bytes: Uint8Array): this {
    let hasPacket = false;
    this.#fromServer.decode(bytes, (packet, byteLength) => {
      hasPacket = true;
      this.session.receive(packet, byteLength, this.now);
    });
    this.session.bytesReceived(bytes.length, hasPacket, this.now);
    return this;
  }

  /** The server sends a message; by default at QoS 1. At QoS 0 the identifier is left out. */
  message(packetIdentifier: number, packet: Partial<PublishPacket> = {}): this {
    const identified = packet.qos === 0 ? {} : { packetIdentifier };
    return this.receive({ ...messageTo("a"), ...identified, ...packet });
  }

  /** Publishes to a topic, which serves as the context too; by default at QoS 1. */
  publish(topicName: string, packet: Partial<PublishPacket> = {}): Exchange<string> | undefined {
    return this.session.publish({ ...messageTo(topicName), ...packet }, topicName);
  }

  /** Publishes what does not leave at once at QoS 0, and so has an exchange. */
  exchange(topicName: string, packet: Partial<PublishPacket> = {}): Exchange<string> {
    return first([this.publish(topicName, packet)]);
  }

  subscribe(context: string, topicFilters: readonly string[] = [context], timeoutMs = 30_000): Exchange<string> {
    const rest = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscriptions = topicFilters.map((topicFilter) => ({ topicFilter, ...rest }));
    return this.#request({ type: "subscribe", subscriptions }, context, timeoutMs);
  }

  unsubscribe(context: string, topicFilters: readonly string[] = [context], timeoutMs = 30_000): Exchange<string> {
    return this.#request({ type: "unsubscribe", topicFilters: [...topicFilters] }, context, timeoutMs);
  }

  /** Time passes, and nobody looks at the clock meanwhile. */
  wait(ms: number): this {
    this.now += ms;
    this.session.handleTimeout(this.now);
    return this;
  }

  /** What the Session sends now, in one batch. */
  sent(): ControlPacket[] {
    const batch = this.session.transmit(this.now).flatMap((piece) => this.#fromClient.push(piece));
    if (batch.length > 0) this.batches.push(batch);
    return batch;
  }

  /** What the Session sends now, in short, such as `"publish 1"`. */
  sentInShort(): string[] {
    return this.sent().map(inShort);
  }

  /** What happened. */
  events(): SessionEvent<string>[] {
    return this.session.events();
  }

  /** What happened, of one type; the rest is dropped. */
  eventsOf<T extends SessionEvent<string>["type"]>(type: T): EventOf<T>[] {
    return this.events().filter((event): event is EventOf<T> => event.type === type);
  }

  #request(packet: Request, context: string, timeoutMs: number): Exchange<string> {
    return this.session.request(packet, context, { sentAt: this.now, timeoutMs });
  }
}

/** A message at QoS 1 with a short payload. */
export function messageTo(topicName: string): PublishPacket {
  return {
    type: "publish",
    topicName,
    payload: new Uint8Array([0x6f, 0x6b]),
    qos: 1,
    retain: false,
    duplicate: false,
  };
}

/** A packet as its type and, where it has them, its Packet Identifier and a Reason Code other than 0. */
export function inShort(packet: ControlPacketInput): string {
  let text: string = packet.type satisfies PacketType;
  if ("packetIdentifier" in packet) text += ` ${packet.packetIdentifier ?? ""}`;
  if ("reasonCode" in packet && packet.reasonCode !== 0) text += ` 0x${packet.reasonCode?.toString(16) ?? ""}`;
  return text.trimEnd();
}

/** The first of a list that is not empty. */
export function first<T>(list: readonly (T | undefined)[]): T {
  const [one] = list;
  if (one === undefined) throw new Error("There is none");
  return one;
}

/** A driver that is connected, and whose CONNECTs ask for the Session that there was. */
export function keepingDriver(options: DriverOptions = {}, connack: ConnackOptions = {}): SessionDriver {
  return new SessionDriver({ ...options, connect: { cleanStart: false, ...options.connect } }).connected(connack);
}

/** An acknowledgement without anything to say. */
export function answer(type: "puback" | "pubrec" | "pubrel" | "pubcomp", packetIdentifier: number): ControlPacketInput {
  return { type, packetIdentifier };
}
