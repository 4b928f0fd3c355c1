import { ProtocolError } from "../errors.ts";
import { PropertyList } from "../property-list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { ConnackPacket } from "./types.ts";

const propertyList = new PropertyList("connack");

/** What a server that knows only MQTT 3.1.1 says to a CONNECT of MQTT 5.0, in two bytes. */
const unacceptableProtocolVersion = 1;

const refusalWithSession = "A refusal has sessionPresent";

/** CONNACK (section 3.2). */
export const writeConnack: PacketWriter<"connack"> = (packet, writer) => {
  const { reasonCode = 0, sessionPresent = false } = packet;
  if (sessionPresent && reasonCode !== 0) throw new ProtocolError(refusalWithSession); // [MQTT-3.2.2-6] [MQTT311-3.2.2-4]
  if (sessionPresent && writer.version === 3) throw new ProtocolError("A sessionPresent needs MQTT 3.1.1");
  writer.byte(sessionPresent ? 1 : 0);
  writer.reasonCode("connack", reasonCode);
  writer.properties(propertyList, packet.properties);
};

/** CONNACK (section 3.2). */
export const readConnack: PacketReader<"connack"> = (reader) => {
  const { position, version } = reader;
  // In MQTT 3.1 the byte has no meaning.
  const flags = reader.byte() * (version > 3 ? 1 : 0);
  if (flags > 1) throw reader.malformed(`A CONNACK has the flags ${flags}`, position); // [MQTT-3.2.2-1]
  const packet: ConnackPacket = { type: "connack", sessionPresent: flags === 1, reasonCode: 0 };
  if (version === 5 && reader.remaining === 1) {
    // The server answers in the only way that it knows: not a fault, but news of its version.
    packet.reasonCode = reader.byte();
    if (packet.reasonCode === unacceptableProtocolVersion && flags === 0) return packet;
    reader.position--;
  }
  packet.reasonCode = reader.reasonCode("connack");
  // [MQTT-3.2.2-6] [MQTT311-3.2.2-4]
  if (packet.sessionPresent && packet.reasonCode !== 0) throw reader.protocolError(refusalWithSession, position);
  reader.properties(propertyList, packet);
  reader.finish();
  return packet;
};
