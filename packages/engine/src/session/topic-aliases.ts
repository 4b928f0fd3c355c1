import { InvalidTopicError, type PublishPacket } from "@rivulet/codec";
import { UnsupportedError } from "../errors.ts";

// Theory of operation
//
// A mapping lives as long as the Network Connection [MQTT-3.3.2-7] and follows the order of the wire: it is made with
// the PUBLISH that carries both topic and alias. What is stored and may be sent again always has its topic; only what
// is put on the wire goes without.

interface Mappings {
  /** The aliases by topic, the least recently used first. */
  readonly aliases: Map<string, number>;
  readonly topics: Map<number, string>;
  /** What callers have said, which may wait to be sent. */
  readonly asked: Map<number, string>;
}

/** The Topic Aliases of what we send (section 3.3.2.3.4). */
export class TopicAliases {
  /** Made with the first alias. */
  #mappings: Mappings | undefined;
  /** What the server takes [MQTT-3.3.2-9]; Infinity while nobody knows. */
  maximum: number = Infinity;
  /** Whether every topic is given an alias, or only those that the caller gave one. */
  readonly #isAutomatic: boolean;

  constructor(isAutomatic: boolean) {
    this.#isAutomatic = isAutomatic;
  }

  /** The connection is gone, and all mappings with it [MQTT-3.3.2-7]. */
  reset(): void {
    this.#mappings = undefined; // [MQTT-3.3.2-7]
    this.maximum = Infinity;
  }

  /**
   * The message with the topic that its alias stands for, where it has none of its own.
   *
   * @throws InvalidTopicError when the alias stands for nothing, UnsupportedError when it exceeds the server's maximum.
   */
  resolve(packet: PublishPacket): PublishPacket {
    const { topicName, properties: { topicAlias: alias } = {} } = packet;
    if (alias === undefined) return packet;
    // [MQTT-3.2.2-17] [MQTT-3.2.2-18] [MQTT-3.3.2-9]
    if (alias > this.maximum) {
      throw new UnsupportedError("topicAlias", `The server takes topic aliases up to ${this.maximum}, not ${alias}`);
    }
    const known = topicName === "" ? this.#known.asked.get(alias) : topicName;
    if (known === undefined) throw new InvalidTopicError(`Topic alias ${alias} stands for no topic`, "");
    return { ...packet, topicName: known };
  }

  /** A packet has been taken, with the topic that `resolve` gave it. */
  asked({ properties: { topicAlias } = {} }: PublishPacket, topicName: string): void {
    if (topicAlias !== undefined) this.#known.asked.set(topicAlias, topicName);
  }

  /** The packet as it is to go on the wire now: as it is, with an alias beside its topic, or with the alias alone. */
  apply(packet: PublishPacket): PublishPacket {
    if (packet.properties?.topicAlias === undefined && (!this.#isAutomatic || this.maximum === 0)) return packet;
    const { topicName, properties: { topicAlias: asked, ...rest } = {} } = packet;
    const known = this.#known.aliases.get(topicName);
    const alias = asked ?? known ?? this.#next();
    if (alias > this.maximum) return { ...packet, properties: rest };
    // [MQTT-3.3.2-12]
    return { ...packet, topicName: known === alias ? "" : topicName, properties: { ...rest, topicAlias: alias } };
  }

  /** What `apply` made of a packet is on the wire. */
  sent({ topicName }: PublishPacket, alias: number): void {
    const previous = this.#known.topics.get(alias);
    if (previous !== undefined && previous !== topicName && this.#known.aliases.get(previous) === alias) {
      this.#known.aliases.delete(previous);
    }
    this.#known.topics.set(alias, topicName);
    this.#known.aliases.delete(topicName);
    this.#known.aliases.set(topicName, alias);
  }

  get #known(): Mappings {
    return (this.#mappings ??= { aliases: new Map(), topics: new Map(), asked: new Map() });
  }

  /** One that is free, or else the one whose topic was not used for longest. */
  #next(): number {
    const [oldest = 1] = this.#known.aliases.values();
    if (this.#known.topics.size === this.maximum) return oldest;
    let alias = this.#known.topics.size + 1;
    while (this.#known.topics.has(alias)) alias = (alias % this.maximum) + 1;
    return alias;
  }
}
