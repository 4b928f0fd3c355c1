import { ProtocolError } from "../errors.ts";
import { checkReasonCode } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { isReasonCodeOf } from "../reason-codes.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { AuthPacket } from "./types.ts";

const propertyList = new PropertyList("auth");

/** AUTH (section 3.15), which came with MQTT 5.0. */
export const auth: PacketCodec<"auth"> = {
  measure(packet, version, lengths) {
    if (version < 5) throw new ProtocolError("AUTH needs MQTT 5.0");
    const { reasonCode = 0 } = packet;
    checkReasonCode("auth", reasonCode);
    lengths.properties = propertyList.measure(packet.properties, version);
    return reasonCode === 0 && lengths.properties === 0 ? 0 : 1 + withLengthField(lengths.properties);
  },

  write(packet, _version, writer, lengths) {
    const { reasonCode = 0 } = packet;
    if (reasonCode === 0 && lengths.properties === 0) return;
    writer.byte(reasonCode);
    propertyList.write(packet.properties, lengths.properties, writer);
  },

  read(reader) {
    const packet: AuthPacket = { type: "auth", reasonCode: 0 };
    // Section 3.15.2.1: only both together may be left out.
    if (reader.remaining > 0) {
      const position = reader.position;
      packet.reasonCode = reader.byte();
      // [MQTT-3.15.2-1]
      if (!isReasonCodeOf("auth", packet.reasonCode)) {
        throw reader.protocolError(`Reason code ${packet.reasonCode} is not one of AUTH`, position);
      }
      const properties = propertyList.read(reader);
      if (properties !== undefined) packet.properties = properties;
    }
    reader.finish();
    return packet;
  },
};
