import type { PacketType } from "./packets/types.ts";

/** The Control Packet Types and their numbers in the fixed header (section 2.1.2). */
export const packetTypes = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/** The name of each Control Packet Type, at the index of its number. */
export const packetTypeNames: readonly (PacketType | undefined)[] = [
  undefined,
  ...(Object.keys(packetTypes) as PacketType[]),
];
