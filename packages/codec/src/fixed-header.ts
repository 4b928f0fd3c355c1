import type { PacketType, ProtocolVersion } from "./packets/types.ts";

/** The flags of PUBREL, SUBSCRIBE and UNSUBSCRIBE, which are a relic: in MQTT 3.1 these packets had QoS 1. */
const relic = 0b0010;

/** The lower four bits of the fixed header's first byte for packets in which they are always the same (section 2.1.3). */
export function fixedFlags(type: PacketType): number {
  // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT311-3.6.1-1] [MQTT311-3.8.1-1] [MQTT311-3.10.1-1]
  return type === "pubrel" || type === "subscribe" || type === "unsubscribe" ? relic : 0;
}

/** Whether this version has the packet, and with these flags. */
export function areFlagsLegal(type: PacketType, flags: number, version: ProtocolVersion): boolean {
  if (type === "publish") return true;
  if (type === "auth" && version < 5) return false;
  const expected = fixedFlags(type);
  // There the other packets ignore their flags, and DUP may be set on those with a QoS.
  if (version === 3) return expected === 0 || (flags & 0b0110) === relic;
  // [MQTT-2.1.3-1] [MQTT311-2.2.2-1] [MQTT311-2.2.2-2], and by packet [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  // [MQTT-3.14.1-1] [MQTT-3.15.1-1] [MQTT311-3.6.1-1] [MQTT311-3.8.1-1] [MQTT311-3.10.1-1] [MQTT311-3.14.1-1]
  return flags === expected;
}
