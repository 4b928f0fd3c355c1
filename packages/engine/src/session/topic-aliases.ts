import { ProtocolError, reasonCodes, type PublishPacket } from "@rivulet/codec";

/**
 * Resolves the Topic Aliases that the server uses, before anything else sees the packet (section 3.3.2.3.4). They
 * last as long as the Network Connection [MQTT-3.3.2-7].
 */
export class InboundTopicAliases {
  readonly #maximum: number;
  readonly #topicNames = new Map<number, string>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * Gives a packet with an alias its Topic Name.
   *
   * @throws ProtocolError, 0x94, for an alias above our Topic Alias Maximum, and 0x82 for one that was never set.
   */
  resolve(packet: PublishPacket): void {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return;
    // [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-11]
    if (alias > this.#maximum) {
      throw new ProtocolError(`Topic alias ${alias} exceeds our maximum, ${this.#maximum}`, {
        reasonCode: reasonCodes.topicAliasInvalid,
      });
    }
    if (packet.topicName !== "") {
      this.#topicNames.set(alias, packet.topicName); // [MQTT-3.3.2-10]
      return;
    }
    const topicName = this.#topicNames.get(alias);
    if (topicName === undefined) throw new ProtocolError(`Topic alias ${alias} stands for no topic`);
    packet.topicName = topicName;
  }
}
