import { ProtocolError } from "../errors.ts";
import { readEnding, writeEnding } from "../property-list.ts";
import type { PacketReader, PacketWriter } from "./packet-codec.ts";
import type { AuthPacket } from "./types.ts";

/** AUTH (section 3.15), which came with MQTT 5.0. */
export const writeAuth: PacketWriter<"auth"> = (packet, writer) => {
  if (writer.version < 5) throw new ProtocolError("AUTH needs MQTT 5.0");
  const start = writer.position;
  writeEnding(writer, packet, true);
  if (writer.position > start) checkMethod(packet);
};

/** AUTH (section 3.15). */
export const readAuth: PacketReader<"auth"> = (reader) => {
  const { offset, remaining } = reader;
  const packet: AuthPacket = { type: "auth", reasonCode: 0 };
  readEnding(reader, packet, true);
  if (remaining > 0) checkMethod(packet, offset + 1);
  return packet;
};

/** Section 3.15.2.2.2. The short form, Success and nothing else, has no room for it. */
function checkMethod({ properties }: Pick<AuthPacket, "properties">, offset?: number): void {
  if (properties?.authenticationMethod === undefined) {
    throw new ProtocolError("AUTH needs an authenticationMethod", { offset });
  }
}
