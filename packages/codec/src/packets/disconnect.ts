import { checkAbsent, checkReasonCode } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { isReasonCodeOf } from "../reason-codes.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { DisconnectPacket } from "./types.ts";

const propertyList = new PropertyList("disconnect");

/** DISCONNECT (section 3.14). Before MQTT 5.0 it is nothing but a fixed header. */
export const disconnect: PacketCodec<"disconnect"> = {
  measure(packet, version, lengths) {
    const { reasonCode = 0 } = packet;
    lengths.properties = propertyList.measure(packet.properties, version);
    if (version < 5) {
      checkAbsent(reasonCode, "The reason code");
      return 0;
    }
    checkReasonCode("disconnect", reasonCode);
    if (lengths.properties > 0) return 1 + withLengthField(lengths.properties);
    return reasonCode === 0 ? 0 : 1;
  },

  write(packet, _version, writer, lengths) {
    const { reasonCode = 0 } = packet;
    if (lengths.properties > 0) {
      writer.byte(reasonCode);
      propertyList.write(packet.properties, lengths.properties, writer);
    } else if (reasonCode !== 0) {
      writer.byte(reasonCode);
    }
  },

  read(reader, version) {
    const packet: DisconnectPacket = { type: "disconnect", reasonCode: 0 };
    if (version === 5 && reader.remaining > 0) {
      const position = reader.position;
      packet.reasonCode = reader.byte();
      // [MQTT-3.14.2-1]
      if (!isReasonCodeOf("disconnect", packet.reasonCode)) {
        throw reader.protocolError(`Reason code ${packet.reasonCode} is not one of DISCONNECT`, position);
      }
      // Section 3.14.2.2.1: without its length field the list is empty.
      const properties = reader.remaining > 0 ? propertyList.read(reader) : undefined;
      if (properties !== undefined) packet.properties = properties;
    }
    reader.finish();
    return packet;
  },
};
