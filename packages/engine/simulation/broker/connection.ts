import {
  allReaders,
  encode,
  PacketDecoder,
  reasonCodes,
  type ConnectPacket,
  type ControlPacket,
  type ControlPacketInput,
  type DisconnectPacket,
  type MqttError,
  type PacketProperties,
  type ProtocolVersion,
  type PublishPacket,
  type Will,
} from "@rivulet/codec";
import type { BrokerSession, BrokerSubscription } from "./broker-session.ts";
import { connack, refusal } from "./handshake.ts";
import type { Line } from "./line.ts";
import type { BrokerObserver, BrokerTime, Wire } from "./observer.ts";
import { answerSubscribe, answerUnsubscribe } from "./requests.ts";
import type { BrokerSettings } from "./settings.ts";

/** What a connection needs of its broker. */
export interface BrokerCore {
  readonly settings: BrokerSettings;
  readonly observer: BrokerObserver;
  readonly time: BrokerTime;
  assignIdentifier(): string;
  open(
    connection: BrokerConnection,
    clientIdentifier: string,
    cleanStart: boolean,
  ): { readonly session: BrokerSession; readonly sessionPresent: boolean };
  closed(connection: BrokerConnection, session: BrokerSession, will: Will | undefined): void;
  endSession(session: BrokerSession): void;
  sendRetained(session: BrokerSession, subscription: BrokerSubscription): void;
}

/** Until a client has said what it is called. */
const unknownClient = "?";

/** The broker's end of one network connection. */
export class BrokerConnection implements Line {
  version: ProtocolVersion = 5;
  connect!: ConnectPacket;
  properties: PacketProperties<"connect"> = {};
  readonly #broker: BrokerCore;
  readonly #wire: Wire;
  readonly #decoder = new PacketDecoder(allReaders);
  readonly #topics = new Map<number, string>();
  #client = unknownClient;
  #session: BrokerSession | undefined;
  /** Whether its CONNACK has told the client the truth about the Session. */
  #isTold = false;
  /** The broker has done with it; what the client sends is not heard. */
  #isOver = false;
  /** The client has sent DISCONNECT, and may send nothing more. */
  #hasLeft = false;
  #will: Will | undefined;
  /** Answers that it thinks about, in order, and when the last of them leaves. */
  readonly #answers: (() => void)[] = [];
  #busyUntil = 0;
  #watch: (() => void) | undefined;

  constructor(broker: BrokerCore, wire: Wire) {
    this.#broker = broker;
    this.#wire = wire;
  }

  /** Bytes came from the client. */
  receive(chunk: Uint8Array): void {
    if (this.#hasLeft) this.note("MQTT-3.14.4-1", "Bytes came after DISCONNECT");
    if (this.#isOver) return;
    try {
      this.#decoder.decode(chunk, (packet) => this.#take(packet));
    } catch (error) {
      const { message, reasonCode } = error as MqttError;
      if (reasonCode === undefined) throw error; // A mistake of ours.
      this.violate("MQTT-4.13.1-1", message, reasonCode);
    }
    this.#watchKeepAlive();
  }

  /** The client's side, or the network, has ended the connection. */
  closed(): void {
    if (!this.#isOver && this.#decoder.bufferedBytes > 0)
      this.#broker.observer.situation("half a packet came before the connection was lost");
    this.#end(false);
  }

  /** The broker goes down. */
  abort(): void {
    this.#end(true);
  }

  /** Another connection has come with the same Client Identifier. */
  takeOver(): void {
    this.#broker.observer.situation("a connection takes over that of its own client");
    this.#disconnect(reasonCodes.sessionTakenOver);
  }

  send(packet: ControlPacketInput): boolean {
    if (this.#isOver) return false;
    const bytes = encode(packet, this.version);
    const { maximumPacketSize = Infinity } = this.properties;
    if (bytes.length > maximumPacketSize) return false; // [MQTT-3.1.2-24]
    this.#broker.observer.packet?.(this.#client, "<", packet);
    this.#wire.send(bytes);
    return true;
  }

  later(callback: () => void): void {
    const { settings, time } = this.#broker;
    this.#busyUntil = Math.max(this.#busyUntil, time.now() + settings.thinkingMs());
    this.#answers.push(callback);
    const delayMs = this.#busyUntil - time.now();
    // What is due at the same time may be called back in any order; answers leave in theirs.
    if (delayMs > 0) time.after(delayMs, () => this.#answer());
    else while (this.#answers.length > 0) this.#answer();
  }

  #answer(): void {
    const callback = this.#answers.shift();
    if (!this.#isOver) callback?.();
  }

  violate(clause: string, what: string, reasonCode: number = reasonCodes.protocolError): void {
    this.note(clause, what);
    this.#disconnect(reasonCode);
  }

  note(clause: string, what: string): void {
    this.#broker.observer.violation(this.#client, clause, what);
  }

  #take(packet: ControlPacket): void {
    if (this.#hasLeft) {
      this.note("MQTT-3.14.4-1", `${packet.type.toUpperCase()} after DISCONNECT`);
      return;
    }
    if (this.#isOver) return;
    this.#broker.observer.packet?.(packet.type === "connect" ? packet.clientIdentifier : this.#client, ">", packet);
    const session = this.#session;
    if (packet.type === "connect") {
      // [MQTT-3.1.0-2]
      if (session === undefined) this.#accept(packet);
      else this.violate("MQTT-3.1.0-2", "A second CONNECT");
    } else if (session === undefined) this.violate("MQTT-3.1.0-1", `${packet.type.toUpperCase()} before CONNECT`);
    else {
      // Whatever it sends now, it sends after CONNACK: if that told of a new Session, it knows.
      session.isKnown ||= this.#isTold;
      this.#dispatch(packet, session);
    }
  }

  #dispatch(packet: ControlPacket, session: BrokerSession): void {
    const { incoming, outgoing } = session;
    switch (packet.type) {
      case "publish":
        this.#publish(packet, session);
        break;
      case "pubrel":
        incoming.pubrel(packet, this);
        break;
      case "puback":
        outgoing.puback(packet, this);
        break;
      case "pubrec":
        outgoing.pubrec(packet, this);
        break;
      case "pubcomp":
        outgoing.pubcomp(packet, this);
        break;
      case "subscribe": {
        const answer = answerSubscribe(packet, session, { line: this, broker: this.#broker });
        incoming.request(packet.packetIdentifier, answer, this);
        break;
      }
      case "unsubscribe":
        incoming.request(packet.packetIdentifier, answerUnsubscribe(packet, session, this), this);
        break;
      case "pingreq":
        this.#broker.observer.situation("PINGREQ on an idle connection");
        this.later(() => this.send({ type: "pingresp" }));
        break;
      case "disconnect":
        this.#leave(packet, session);
        break;
      default:
        this.violate("MQTT-2.1.2", `${packet.type.toUpperCase()}, which only a server may send`);
    }
  }

  #accept(packet: ConnectPacket): void {
    const { settings, observer } = this.#broker;
    this.version = packet.protocolVersion;
    this.connect = packet;
    if (this.version === 5) this.#decoder.maximumPacketSize = settings.maximumPacketSize;
    this.properties = packet.properties ?? {};
    const reasonCode = refusal(packet, settings);
    if (reasonCode !== undefined) {
      observer.situation("the broker refuses a connection");
      this.#wire.send(encode({ type: "connack", reasonCode }, this.version));
      this.#end(true);
      return;
    }
    const assigned = packet.clientIdentifier === "" ? this.#broker.assignIdentifier() : undefined;
    this.#client = assigned ?? packet.clientIdentifier;
    const { session, sessionPresent } = this.#broker.open(this, this.#client, packet.cleanStart);
    const { sessionExpiryInterval = 0 } = this.properties;
    const granted = Math.min(sessionExpiryInterval, settings.maximumSessionExpiry);
    session.expiryMs = this.version === 5 ? expiryMs(granted) : packet.cleanStart ? 0 : Infinity;
    this.#will = packet.will;
    this.#session = session;
    session.connected(this);
    observer.connected(this.#client, sessionPresent ? (session.isKnown ? "present" : "unknown") : "new");
    this.#isTold = !sessionPresent || session.isKnown;
    this.later(() => {
      this.send(connack(packet, { settings, sessionPresent, assigned }));
      session.outgoing.open();
    });
  }

  #publish(packet: PublishPacket, session: BrokerSession): void {
    const { settings, observer } = this.#broker;
    const { topicAlias, subscriptionIdentifiers } = packet.properties ?? {};
    const isVersion5 = this.version === 5;
    if (subscriptionIdentifiers !== undefined) this.violate("MQTT-3.3.4-6", "A client's PUBLISH with an identifier");
    else if (isVersion5 && packet.qos > settings.maximumQoS)
      this.violate("MQTT-3.2.2-11", `QoS ${packet.qos}`, reasonCodes.qosNotSupported);
    else if (isVersion5 && packet.retain && !settings.retainAvailable)
      this.violate("MQTT-3.2.2-14", "RETAIN", reasonCodes.retainNotSupported);
    else if (topicAlias !== undefined && topicAlias > settings.topicAliasMaximum) {
      this.violate("MQTT-3.2.2-17", `Topic Alias ${topicAlias}`, reasonCodes.topicAliasInvalid);
    } else if (packet.topicName === "" && this.#topics.get(topicAlias ?? 0) === undefined) {
      this.violate("MQTT-3.3.2-8", `Topic Alias ${topicAlias} stands for nothing`);
    } else {
      if (topicAlias !== undefined) this.#resolve(packet, topicAlias);
      observer.received(this.#client, packet);
      session.incoming.publish(packet, this);
    }
  }

  #resolve(packet: PublishPacket, alias: number): void {
    const { observer } = this.#broker;
    const known = this.#topics.get(alias);
    if (packet.topicName === "") {
      observer.situation("the client sends an alias without its topic");
      packet.topicName = known ?? "";
    } else {
      if (known !== undefined && known !== packet.topicName)
        observer.situation("the client gives an alias to another topic");
      this.#topics.set(alias, packet.topicName);
    }
    if (packet.duplicate) this.note("MQTT-4.3.3-7", "A message that is sent again with an alias");
  }

  #leave(packet: DisconnectPacket, session: BrokerSession): void {
    const { sessionExpiryInterval } = packet.properties ?? {};
    if (sessionExpiryInterval !== undefined) {
      if (sessionExpiryInterval > 0 && (this.properties.sessionExpiryInterval ?? 0) === 0) {
        this.violate("MQTT-3.14.2-2", "A Session Expiry Interval in DISCONNECT after none in CONNECT");
        return;
      }
      session.expiryMs = expiryMs(sessionExpiryInterval);
    }
    if (packet.reasonCode !== reasonCodes.disconnectWithWillMessage) this.#will = undefined; // [MQTT-3.14.4-3]
    this.#hasLeft = true;
    this.#end(true);
  }

  /** Ends the connection for a reason, which a client of MQTT 5.0 is told. */
  #disconnect(reasonCode: number): void {
    if (this.#isOver) return;
    if (this.version === 5 && this.#session !== undefined) this.send({ type: "disconnect", reasonCode });
    this.#end(true);
  }

  #end(closesWire: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch?.();
    if (closesWire) this.#wire.close();
    if (this.#session !== undefined) this.#broker.closed(this, this.#session, this.#will);
  }

  /** [MQTT-3.1.2-22] */
  #watchKeepAlive(): void {
    this.#watch?.();
    if (this.#session === undefined || this.#isOver) return;
    const { settings, observer, time } = this.#broker;
    const seconds = (this.version === 5 ? settings.serverKeepAlive : undefined) ?? this.connect.keepAlive;
    if (seconds === 0) return;
    this.#watch = time.after(seconds * 1500, () => {
      observer.situation("the broker misses a client");
      this.#disconnect(reasonCodes.keepAliveTimeout);
    });
  }
}

function expiryMs(seconds: number): number {
  return seconds === 0xffff_ffff ? Infinity : seconds * 1000;
}
