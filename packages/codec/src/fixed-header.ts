import { packetTypeNames, packetTypes } from "./packet-types.ts";
import type { PacketType, ProtocolVersion } from "./packets/types.ts";

/** The flags of PUBREL, SUBSCRIBE and UNSUBSCRIBE, which are a relic: in MQTT 3.1 these packets had QoS 1. */
const relic = 0b0010;

/** The lower four bits of the fixed header's first byte for packets in which they are always the same (section 2.1.3). */
export function fixedFlags(type: PacketType): number {
  return type === "pubrel" || type === "subscribe" || type === "unsubscribe" ? relic : 0;
}

/** What is wrong with the first byte of a fixed header; undefined when nothing is. */
export function firstByteFault(firstByte: number, version: ProtocolVersion): string | undefined {
  const typeNumber = firstByte >> 4;
  const type = packetTypeNames[typeNumber];
  if (type === undefined) return "Packet type 0 is reserved";
  if (typeNumber === packetTypes.auth && version < 5) return "AUTH needs MQTT 5.0";
  if (typeNumber === packetTypes.publish) return undefined;
  const flags = firstByte & 0x0f;
  if (version === 3) {
    // There the other packets ignore their flags, and DUP may be set on those with a QoS.
    return fixedFlags(type) === relic && (flags & 0b0110) !== relic
      ? `The QoS of ${type.toUpperCase()} is not 1`
      : undefined;
  }
  // [MQTT-2.1.3-1] [MQTT311-2.2.2-1] [MQTT311-2.2.2-2], and by packet [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  // [MQTT-3.14.1-1] [MQTT-3.15.1-1]
  return flags === fixedFlags(type) ? undefined : `The flags of ${type.toUpperCase()} are ${flags}`;
}
