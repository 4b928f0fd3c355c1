import { checkAbsent, checkPacketIdentifier, checkReasonCode } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { isReasonCodeOf } from "../reason-codes.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { PacketOf } from "./types.ts";

type AcknowledgementType = "puback" | "pubrec" | "pubrel" | "pubcomp";

/**
 * The four packets that PUBLISH is acknowledged with have one layout: a Packet Identifier and, in MQTT 5.0, a Reason
 * Code, left out with the properties when it is 0x00, and the properties, left out when there are none.
 */
export function acknowledgement<T extends AcknowledgementType>(type: T): PacketCodec<T> {
  const propertyList = new PropertyList<AcknowledgementType>(type);

  const codec: PacketCodec<AcknowledgementType> = {
    measure(packet, version, lengths) {
      checkPacketIdentifier(packet.packetIdentifier);
      const { reasonCode = 0 } = packet;
      lengths.properties = propertyList.measure(packet.properties, version);
      if (version < 5) {
        checkAbsent(reasonCode, "The reason code");
        return 2;
      }
      checkReasonCode(type, reasonCode);
      if (lengths.properties > 0) return 3 + withLengthField(lengths.properties);
      return reasonCode === 0 ? 2 : 3;
    },

    write(packet, _version, writer, lengths) {
      writer.twoByteInteger(packet.packetIdentifier);
      const { reasonCode = 0 } = packet;
      if (lengths.properties > 0) {
        writer.byte(reasonCode);
        propertyList.write(packet.properties, lengths.properties, writer);
      } else if (reasonCode !== 0) {
        writer.byte(reasonCode);
      }
    },

    read(reader, version) {
      const packetIdentifier = reader.packetIdentifier();
      const packet = { type, packetIdentifier, reasonCode: 0 } as PacketOf<AcknowledgementType>;
      if (version === 5 && reader.remaining > 0) {
        const start = reader.position;
        packet.reasonCode = reader.byte();
        // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
        if (!isReasonCodeOf(type, packet.reasonCode)) {
          throw reader.protocolError(`Reason code ${packet.reasonCode} is not one of ${type.toUpperCase()}`, start);
        }
        // Section 3.4.2.2.1: without its length field the list is empty.
        const properties = reader.remaining > 0 ? propertyList.read(reader) : undefined;
        if (properties !== undefined) packet.properties = properties;
      }
      reader.finish();
      return packet;
    },
  };
  // Which of the four it is makes no difference to the layout.
  return codec as unknown as PacketCodec<T>;
}
