import { ProtocolError } from "../errors.ts";
import { checkPacketIdentifier, checkReasonCode } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { isReasonCodeOf } from "../reason-codes.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { ProtocolVersion, SubackPacket } from "./types.ts";

const propertyList = new PropertyList("suback");

/** SUBACK (section 3.9). */
export const suback: PacketCodec<"suback"> = {
  measure(packet, version, lengths) {
    checkPacketIdentifier(packet.packetIdentifier);
    if (packet.reasonCodes.length === 0) throw new ProtocolError("A SUBACK has no reason code");
    for (const reasonCode of packet.reasonCodes) {
      if (version === 5) checkReasonCode("suback", reasonCode);
      else if (!isReturnCode(reasonCode, version))
        throw new ProtocolError(`Return code ${reasonCode} is not one of SUBACK`);
    }
    lengths.properties = propertyList.measure(packet.properties, version);
    const length = 2 + packet.reasonCodes.length;
    return version === 5 ? length + withLengthField(lengths.properties) : length;
  },

  write(packet, version, writer, lengths) {
    writer.twoByteInteger(packet.packetIdentifier);
    if (version === 5) propertyList.write(packet.properties, lengths.properties, writer);
    for (const reasonCode of packet.reasonCodes) writer.byte(reasonCode);
  },

  read(reader, version) {
    const packetIdentifier = reader.packetIdentifier();
    const properties = version === 5 ? propertyList.read(reader) : undefined;
    const reasonCodes: number[] = [];
    // A SUBSCRIBE has at least one filter [MQTT-3.8.3-2], and each has its code [MQTT-3.8.4-6].
    if (reader.remaining === 0) throw reader.protocolError("A SUBACK has no reason code", reader.position);
    while (reader.remaining > 0) {
      const position = reader.position;
      const reasonCode = reader.byte();
      const isDefined = version === 5 ? isReasonCodeOf("suback", reasonCode) : isReturnCode(reasonCode, version);
      // [MQTT-3.9.3-2] [MQTT311-3.9.3-2]
      if (!isDefined) throw reader.protocolError(`Reason code ${reasonCode} is not one of SUBACK`, position);
      reasonCodes.push(reasonCode);
    }
    const packet: SubackPacket = { type: "suback", packetIdentifier, reasonCodes };
    if (properties !== undefined) packet.properties = properties;
    return packet;
  },
};

/** Before MQTT 5.0 a granted QoS and, from MQTT 3.1.1 on, one code for failure. */
function isReturnCode(code: number, version: ProtocolVersion): boolean {
  return code === 0 || code === 1 || code === 2 || (code === 0x80 && version === 4);
}
