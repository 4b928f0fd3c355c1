import type { PacketProperties, PubackPacket, PubcompPacket, PubrecPacket, PublishPacket } from "@rivulet/codec";
import type { Line } from "./line.ts";
import type { BrokerObserver, BrokerTime, Copy } from "./observer.ts";
import type { BrokerSettings } from "./settings.ts";

// Theory of operation
//
// Copies wait in one queue until the client's Receive Maximum lets them leave, and are in flight until they are
// acknowledged. When a Session is resumed, everything in flight is sent again first, in its order [MQTT-4.4.0-1]
// [MQTT-4.6.0-1], within the new connection's Receive Maximum. An acknowledgement counts only for what was sent on the
// same connection, and in the order of sending [MQTT-4.6.0-2] [MQTT-4.6.0-3]: anything else is the client's mistake.

/** What the half needs of its broker. */
export interface OutgoingHost {
  readonly settings: BrokerSettings;
  readonly observer: BrokerObserver;
  readonly time: BrokerTime;
  readonly clientIdentifier: string;
}

/** The half of a broker's Session that sends: what it routes to the client. */
export class Outgoing {
  readonly #host: OutgoingHost;
  // lives as long as the Session
  readonly #queue: Copy[] = [];
  readonly #inFlight = new Map<number, Copy>();
  #lastIdentifier = 0;

  // lives as long as the Network Connection
  #line: Line | undefined;
  #isOpen = false;
  #quota = 0;
  /** What was in flight when the Session was resumed, and is still to be sent again. */
  #again: Copy[] = [];
  /** What was sent on this connection and awaits PUBACK, PUBREC and PUBCOMP. */
  readonly #awaits: Record<"puback" | "pubrec" | "pubcomp", number[]> = { puback: [], pubrec: [], pubcomp: [] };
  readonly #aliases = new Map<string, number>();
  #nextAlias = 0;
  /** Copies whose PUBLISH was not sent on this connection. */
  readonly #resumedAtRelease = new Set<Copy>();

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Copies that wait or are in flight. */
  get size(): number {
    return this.#queue.length + this.#inFlight.size;
  }

  /** Everything that waits or is in flight. */
  get copies(): readonly Copy[] {
    return [...this.#inFlight.values(), ...this.#queue];
  }

  connected(line: Line): void {
    const { observer, settings } = this.#host;
    this.#line = line;
    const receiveMaximum = line.properties.receiveMaximum ?? 65_535;
    this.#quota = line.version === 5 ? receiveMaximum : settings.window;
    this.#again = [...this.#inFlight.values()];
    for (const copy of this.#again) if (copy.stage === "released") this.#resumedAtRelease.add(copy);
    if (this.#again.length - this.#resumedAtRelease.size > this.#quota)
      observer.situation("the client's Receive Maximum shrank at resume");
  }

  /** CONNACK has been sent: begins to send. */
  open(): void {
    this.#isOpen = true;
    this.pump();
  }

  disconnected(): void {
    this.#line = undefined;
    this.#isOpen = false;
    this.#again = [];
    this.#aliases.clear();
    this.#nextAlias = 0;
    this.#resumedAtRelease.clear();
    for (const list of Object.values(this.#awaits)) list.length = 0;
  }

  /** A copy is to be sent, now or when there is quota. */
  add(copy: Copy): void {
    const { clientIdentifier, observer, settings } = this.#host;
    observer.routed(clientIdentifier, copy);
    if (copy.qos > 0) this.#queue.push(copy);
    // One that waited is not overtaken by one that did not [MQTT-4.6.0-5].
    else if (this.#isOpen && !this.#queue.some(({ qos }) => qos === 0)) this.#send(copy);
    else if (this.#isOpen || settings.keepsQoS0) this.#queue.push(copy);
    else observer.dropped(clientIdentifier, copy, "offline");
    this.pump();
  }

  /** Sends what may leave. */
  pump(): void {
    const { observer } = this.#host;
    while (this.#isOpen && this.#again.length > 0) {
      const copy = this.#again[0] as Copy; // The condition of the loop has looked.
      if (copy.stage === "published" && this.#quota === 0) return;
      this.#again.shift();
      if (copy.stage === "published") {
        observer.situation(
          copy.qos === 1 ? "the broker sends a QoS 1 message again" : "the broker sends a QoS 2 message again",
        );
        this.#send(copy);
      } else {
        observer.situation("the broker sends PUBREL again");
        this.#release(copy);
      }
    }
    while (this.#isOpen && this.#queue.length > 0) {
      const copy = this.#queue[0] as Copy; // As above.
      if (copy.qos > 0) {
        if (this.#quota === 0) {
          observer.situation("the broker has used up the client's Receive Maximum");
          return;
        }
        const identifier = this.#freeIdentifier();
        if (identifier === undefined) return;
        copy.packetIdentifier = identifier;
      }
      this.#queue.shift();
      this.#send(copy);
    }
  }

  puback({ packetIdentifier }: PubackPacket, line: Line): void {
    if (!this.#isNext("puback", packetIdentifier, line)) return;
    this.#finish(packetIdentifier);
  }

  pubrec({ packetIdentifier, reasonCode }: PubrecPacket, line: Line): void {
    if (!this.#isNext("pubrec", packetIdentifier, line)) return;
    const copy = this.#inFlight.get(packetIdentifier);
    if (reasonCode >= 0x80 || copy === undefined) {
      this.#host.observer.situation("the client refuses a QoS 2 message");
      this.#finish(packetIdentifier);
      return;
    }
    copy.stage = "released";
    line.later(() => this.#release(copy));
  }

  pubcomp({ packetIdentifier }: PubcompPacket, line: Line): void {
    const { pubcomp } = this.#awaits;
    const place = pubcomp.indexOf(packetIdentifier);
    if (place < 0) {
      line.violate("MQTT-4.3.3-11", `PUBCOMP for ${packetIdentifier}, which had no PUBREL`);
      return;
    }
    pubcomp.splice(place, 1);
    this.#finish(packetIdentifier);
  }

  /** The Session is over: whatever waits is given up. */
  end(): void {
    const { clientIdentifier, observer } = this.#host;
    for (const copy of this.copies) observer.dropped(clientIdentifier, copy, "session over");
  }

  /** [MQTT-4.6.0-2] [MQTT-4.6.0-3] */
  #isNext(type: "puback" | "pubrec", identifier: number, line: Line): boolean {
    const awaits = this.#awaits[type];
    const place = awaits.indexOf(identifier);
    if (place < 0) {
      line.violate("MQTT-4.3.2-4", `${type.toUpperCase()} for ${identifier}, which was not sent on this connection`);
    } else if (place > 0) {
      const clause = type === "puback" ? "MQTT-4.6.0-2" : "MQTT-4.6.0-3";
      line.violate(
        clause,
        `${type.toUpperCase()} for ${identifier} before that for ${awaits.slice(0, place).join(", ")}`,
      );
    } else {
      awaits.shift();
    }
    return place === 0;
  }

  #finish(identifier: number): void {
    const { clientIdentifier, observer } = this.#host;
    const copy = this.#inFlight.get(identifier);
    this.#inFlight.delete(identifier);
    // What was resumed at PUBREL has taken nothing from this connection's quota.
    if (copy !== undefined && !this.#resumedAtRelease.delete(copy)) this.#quota += 1;
    if (copy !== undefined) observer.completed(clientIdentifier, copy);
    this.pump();
  }

  #release(copy: Copy): void {
    const packetIdentifier = copy.packetIdentifier as number; // It is in flight.
    this.#awaits.pubcomp.push(packetIdentifier);
    this.#line?.send({ type: "pubrel", packetIdentifier });
  }

  #send(copy: Copy): void {
    const { clientIdentifier, observer, time } = this.#host;
    const { message, packetIdentifier } = copy;
    const line = this.#line;
    if (line === undefined) return;
    const isExpired = message.expiresAt <= time.now();
    if (isExpired && copy.sends === 0) {
      observer.situation("a message expires in the broker");
      observer.dropped(clientIdentifier, copy, "expired"); // [MQTT-3.3.2-5]
      return;
    }
    const packet = this.#packet(copy, line);
    if (!line.send(packet)) {
      observer.situation("a message is too large for the client");
      observer.dropped(clientIdentifier, copy, "too large"); // [MQTT-3.1.2-25]
      this.#aliases.delete(message.topic); // The client has not heard of it.
      if (packetIdentifier !== undefined) this.#inFlight.delete(packetIdentifier);
      return;
    }
    copy.sends += 1;
    if (copy.qos === 0 || packetIdentifier === undefined) return;
    copy.stage = "published";
    this.#quota -= 1;
    this.#inFlight.set(packetIdentifier, copy);
    this.#awaits[copy.qos === 1 ? "puback" : "pubrec"].push(packetIdentifier);
  }

  #packet(copy: Copy, line: Line): PublishPacket {
    const { message, qos, retain, subscriptionIdentifiers, packetIdentifier } = copy;
    const packet: PublishPacket = {
      type: "publish",
      topicName: message.topic,
      payload: message.payload,
      qos,
      retain,
      duplicate: qos > 0 && copy.sends > 0, // [MQTT-3.3.1-1]
    };
    if (packetIdentifier !== undefined) packet.packetIdentifier = packetIdentifier;
    if (line.version < 5) return packet;
    const properties: PacketProperties<"publish"> = { ...message.properties };
    if (subscriptionIdentifiers.length > 0) properties.subscriptionIdentifiers = [...subscriptionIdentifiers];
    if (message.expiresAt !== Infinity) {
      // [MQTT-3.3.2-6]
      const leftMs = Math.max(message.expiresAt - this.#host.time.now(), 0);
      properties.messageExpiryInterval = Math.ceil(leftMs / 1000);
    }
    this.#useAlias(packet, properties, line);
    packet.properties = properties;
    return packet;
  }

  #useAlias(packet: PublishPacket, properties: PacketProperties<"publish">, line: Line): void {
    const { topicAliasMaximum = 0 } = line.properties;
    const { observer, settings } = this.#host;
    if (!settings.usesAliases || topicAliasMaximum === 0) return;
    const known = this.#aliases.get(packet.topicName);
    if (known !== undefined) {
      observer.situation("the broker sends an alias without its topic");
      properties.topicAlias = known;
      packet.topicName = "";
      return;
    }
    const alias = (this.#nextAlias % topicAliasMaximum) + 1;
    this.#nextAlias += 1;
    for (const [topic, other] of this.#aliases) {
      if (other !== alias) continue;
      observer.situation("the broker gives an alias to another topic");
      this.#aliases.delete(topic);
    }
    this.#aliases.set(packet.topicName, alias);
    properties.topicAlias = alias;
  }

  /** Undefined when all are in use. */
  #freeIdentifier(): number | undefined {
    const { lastIdentifier } = this.#host.settings;
    for (let tries = 0; tries < lastIdentifier; tries += 1) {
      this.#lastIdentifier = (this.#lastIdentifier % lastIdentifier) + 1;
      if (!this.#inFlight.has(this.#lastIdentifier)) return this.#lastIdentifier;
    }
    return undefined;
  }
}
