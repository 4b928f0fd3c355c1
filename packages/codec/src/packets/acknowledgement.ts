import { readEnding, writeEnding } from "../property-list.ts";
import { readPacketIdentifier, type Reader } from "../reader.ts";
import { writePacketIdentifier, type Writer } from "../writer.ts";
import type { PacketInputOf } from "./packet-codec.ts";
import type { PacketOf } from "./types.ts";

type AcknowledgementType = "puback" | "pubrec" | "pubrel" | "pubcomp";

// PUBACK, PUBREC, PUBREL and PUBCOMP, which a PUBLISH is acknowledged with (sections 3.4 to 3.7), have one layout: a
// Packet Identifier and, in MQTT 5.0, a Reason Code and properties, left out as far as they say nothing.

/** Writes one of the four. */
export function writeAcknowledgement(packet: PacketInputOf<AcknowledgementType>, writer: Writer): void {
  writePacketIdentifier(writer, packet.packetIdentifier);
  writeEnding(writer, packet);
}

/** Reads one of the four. */
export function readAcknowledgement<T extends AcknowledgementType>(reader: Reader, type: T): PacketOf<T> {
  const packetIdentifier = readPacketIdentifier(reader);
  const packet = { type, packetIdentifier, reasonCode: 0 };
  readEnding(reader, packet);
  return packet as unknown as PacketOf<T>;
}
