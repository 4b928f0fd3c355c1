import type { ControlPacket } from "@rivulet/codec";

/** A packet without user name, password and authentication data, for showing it. */
export function redact(packet: ControlPacket): ControlPacket {
  if (packet.type !== "connect" && packet.type !== "connack" && packet.type !== "auth") return packet;
  const shown = { ...packet };
  if (shown.type === "connect") {
    delete shown.userName;
    delete shown.password;
  }
  if (shown.properties?.authenticationData !== undefined) {
    shown.properties = { ...shown.properties };
    delete shown.properties.authenticationData;
  }
  return shown;
}
