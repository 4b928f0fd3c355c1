import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { readProperties, writeProperties } from "../property-list.ts";
import { finish, readByte, readReasonCode } from "../reader.ts";
import { putByte, writeReasonCode } from "../writer.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { ConnackPacket } from "./types.ts";

/** What a server that knows only MQTT 3.1.1 says to a CONNECT of MQTT 5.0, in two bytes. */
const unacceptableProtocolVersion = 1;

/** CONNACK (section 3.2). */
export const writeConnack: PacketWriter<"connack"> = (packet, writer) => {
  const { reasonCode = 0, sessionPresent = false } = packet;
  checkSessionPresent(sessionPresent, reasonCode);
  if (sessionPresent && writer.version === 3) throw new ProtocolError("A sessionPresent needs MQTT 3.1.1");
  putByte(writer, sessionPresent ? 1 : 0);
  writeReasonCode(writer, "connack", reasonCode);
  writeProperties(writer, "connack", packet.properties);
};

/** CONNACK (section 3.2). */
export const readConnack: PacketReader<"connack"> = (reader) => {
  const { offset, version } = reader;
  // In MQTT 3.1 the byte has no meaning.
  const flags = readByte(reader) * (version > 3 ? 1 : 0);
  if (flags > 1) throw new MalformedPacketError(`A CONNACK has the flags ${flags}`, { offset }); // [MQTT-3.2.2-1]
  const packet: ConnackPacket = { type: "connack", sessionPresent: flags === 1, reasonCode: 0 };
  if (version === 5 && reader.remaining === 1) {
    // The server answers in the only way that it knows: not a fault, but news of its version.
    packet.reasonCode = readByte(reader);
    if (packet.reasonCode === unacceptableProtocolVersion && flags === 0) return packet;
    reader.position--;
  }
  packet.reasonCode = readReasonCode(reader, "connack");
  checkSessionPresent(packet.sessionPresent, packet.reasonCode, offset);
  readProperties(reader, "connack", packet);
  finish(reader);
  return packet;
};

function checkSessionPresent(sessionPresent: boolean, reasonCode: number, offset?: number): void {
  // [MQTT-3.2.2-6] [MQTT311-3.2.2-4]
  if (sessionPresent && reasonCode !== 0) throw new ProtocolError("A refusal has sessionPresent", { offset });
}
