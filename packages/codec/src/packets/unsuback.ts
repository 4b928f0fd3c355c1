import { ProtocolError } from "../errors.ts";
import { checkPacketIdentifier, checkReasonCode } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { isReasonCodeOf } from "../reason-codes.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { UnsubackPacket } from "./types.ts";

const propertyList = new PropertyList("unsuback");

/** UNSUBACK (section 3.11). Before MQTT 5.0 it has no Reason Codes. */
export const unsuback: PacketCodec<"unsuback"> = {
  measure(packet, version, lengths) {
    checkPacketIdentifier(packet.packetIdentifier);
    const { reasonCodes = [] } = packet;
    lengths.properties = propertyList.measure(packet.properties, version);
    if (version < 5) {
      if (reasonCodes.length > 0) throw new ProtocolError("An UNSUBACK has reason codes, and those need MQTT 5.0");
      return 2;
    }
    if (reasonCodes.length === 0) throw new ProtocolError("An UNSUBACK has no reason code");
    for (const reasonCode of reasonCodes) checkReasonCode("unsuback", reasonCode);
    return 2 + withLengthField(lengths.properties) + reasonCodes.length;
  },

  write(packet, version, writer, lengths) {
    writer.twoByteInteger(packet.packetIdentifier);
    if (version < 5) return;
    propertyList.write(packet.properties, lengths.properties, writer);
    for (const reasonCode of packet.reasonCodes ?? []) writer.byte(reasonCode);
  },

  read(reader, version) {
    const packetIdentifier = reader.packetIdentifier();
    const packet: UnsubackPacket = { type: "unsuback", packetIdentifier, reasonCodes: [] };
    if (version < 5) {
      reader.finish();
      return packet;
    }
    const properties = propertyList.read(reader);
    if (properties !== undefined) packet.properties = properties;
    // An UNSUBSCRIBE has at least one filter [MQTT-3.10.3-2], and each has its code (section 3.11.3).
    if (reader.remaining === 0) throw reader.protocolError("An UNSUBACK has no reason code", reader.position);
    while (reader.remaining > 0) {
      const position = reader.position;
      const reasonCode = reader.byte();
      // [MQTT-3.11.3-2]
      if (!isReasonCodeOf("unsuback", reasonCode)) {
        throw reader.protocolError(`Reason code ${reasonCode} is not one of UNSUBACK`, position);
      }
      packet.reasonCodes.push(reasonCode);
    }
    return packet;
  },
};
