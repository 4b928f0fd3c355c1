import { ProtocolError } from "../errors.ts";
import { PropertyList } from "../property-list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { AuthPacket } from "./types.ts";

const propertyList = new PropertyList("auth");

// Section 3.15.2.2.2. The short form, Success and nothing else, has no room for it.
const noMethod = "AUTH needs an authenticationMethod";

/** AUTH (section 3.15), which came with MQTT 5.0. */
export const writeAuth: PacketWriter<"auth"> = (packet, writer) => {
  if (writer.version < 5) throw new ProtocolError("AUTH needs MQTT 5.0");
  const start = writer.position;
  writer.ending("auth", packet, propertyList, true);
  if (writer.position > start && !hasMethod(packet)) throw new ProtocolError(noMethod);
};

/** AUTH (section 3.15). */
export const readAuth: PacketReader<"auth"> = (reader) => {
  const { position, remaining } = reader;
  const packet: AuthPacket = { type: "auth", reasonCode: 0 };
  reader.ending(packet, propertyList, true);
  if (remaining > 0 && !hasMethod(packet)) throw reader.protocolError(noMethod, position + 1);
  return packet;
};

function hasMethod({ properties }: Pick<AuthPacket, "properties">): boolean {
  return properties?.authenticationMethod !== undefined;
}
