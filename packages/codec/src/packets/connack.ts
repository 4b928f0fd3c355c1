import { MalformedPacketError, ProtocolError } from "../errors.ts";
import { checkReasonCode } from "../measure.ts";
import { PropertyList, withLengthField } from "../property-list.ts";
import { isReasonCodeOf } from "../reason-codes.ts";
import type { PacketCodec } from "./packet-codec.ts";
import type { ConnackPacket } from "./types.ts";

const propertyList = new PropertyList("connack");

/** The greatest Connect Return code of MQTT 3.1.1 (its section 3.2.2.3). */
const lastReturnCode = 5;

/** What a server that knows only MQTT 3.1.1 says to a CONNECT of MQTT 5.0. */
const unacceptableProtocolVersion = 1;

/** CONNACK (section 3.2). */
export const connack: PacketCodec<"connack"> = {
  measure(packet, version, lengths) {
    const { reasonCode = 0, sessionPresent = false } = packet;
    if (sessionPresent && reasonCode !== 0) {
      throw new ProtocolError("A CONNACK that refuses says that a session is present"); // [MQTT-3.2.2-6]
    }
    lengths.properties = propertyList.measure(packet.properties, version);
    if (version === 5) {
      checkReasonCode("connack", reasonCode);
      return 2 + withLengthField(lengths.properties);
    }
    if (!Number.isInteger(reasonCode) || reasonCode < 0 || reasonCode > lastReturnCode) {
      throw new ProtocolError(`Return code ${String(reasonCode)} is not one of CONNACK`);
    }
    if (version === 3 && sessionPresent) throw new MalformedPacketError("MQTT 3.1 does not tell of a session");
    return 2;
  },

  write(packet, version, writer, lengths) {
    writer.byte(packet.sessionPresent === true ? 1 : 0);
    writer.byte(packet.reasonCode ?? 0);
    if (version === 5) propertyList.write(packet.properties, lengths.properties, writer);
  },

  read(reader, version) {
    const start = reader.position;
    const acknowledgeFlags = reader.byte();
    // [MQTT-3.2.2-1] [MQTT311-3.2.2-1]; in MQTT 3.1 the byte has no meaning.
    if (acknowledgeFlags > 1 && version > 3) throw reader.malformed("A reserved flag of CONNACK is set", start);
    const sessionPresent = version > 3 && acknowledgeFlags === 1;
    const reasonCode = reader.byte();
    if (version === 5 && reader.remaining === 0 && reasonCode === unacceptableProtocolVersion) {
      // The server answers in the only way that it knows: not a fault, but news of its version.
      return { type: "connack", sessionPresent: false, reasonCode };
    }
    const isDefined = version === 5 ? isReasonCodeOf("connack", reasonCode) : reasonCode <= lastReturnCode;
    // [MQTT-3.2.2-8]
    if (!isDefined) throw reader.protocolError(`Reason code ${reasonCode} is not one of CONNACK`, start + 1);
    // [MQTT-3.2.2-6] [MQTT311-3.2.2-4]
    if (sessionPresent && reasonCode !== 0) {
      throw reader.protocolError("A CONNACK that refuses says that a session is present", start);
    }
    const packet: ConnackPacket = { type: "connack", sessionPresent, reasonCode };
    const properties = version === 5 ? propertyList.read(reader) : undefined;
    if (properties !== undefined) packet.properties = properties;
    reader.finish();
    return packet;
  },
};
