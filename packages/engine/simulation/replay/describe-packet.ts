import type { ControlPacket, PacketProperties } from "@rivulet/codec";

const decoder = new TextDecoder();

/**
 * A packet as a line, without what the specification leaves to a server: texts for people, the limits that CONNACK
 * tells, and the identifiers that it makes up.
 */
export function describePacket(packet: ControlPacket): string {
  const words: string[] = [packet.type.toUpperCase()];
  if ("packetIdentifier" in packet) words.push(`#${packet.packetIdentifier}`);
  switch (packet.type) {
    case "connect":
      words.push(packet.clientIdentifier === "" ? "(none)" : packet.clientIdentifier, packet.cleanStart ? "clean" : "");
      break;
    case "connack":
      words.push(packet.sessionPresent ? "session present" : "no session", hex(packet.reasonCode));
      words.push(...connackProperties(packet.properties ?? {}));
      break;
    case "publish":
      words.push(packet.topicName, `"${decoder.decode(packet.payload)}"`, `QoS ${packet.qos ?? 0}`);
      words.push(
        packet.retain ? "RETAIN" : "",
        packet.duplicate ? "DUP" : "",
        ...publishProperties(packet.properties ?? {}),
      );
      break;
    case "suback":
    case "unsuback":
      words.push(...packet.reasonCodes.map(hex));
      break;
    case "subscribe":
      words.push(...packet.subscriptions.map(({ topicFilter, qos }) => `${topicFilter}:${qos ?? 0}`));
      break;
    case "unsubscribe":
      words.push(...packet.topicFilters);
      break;
    case "puback":
    case "pubrec":
    case "pubrel":
    case "disconnect":
    case "auth":
      words.push(hex(packet.reasonCode ?? 0));
      break;
    // PUBCOMP: whether a server says that it knew the identifier (0x92) is its own affair.
    default:
  }
  return words.filter((word) => word !== "").join(" ");
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, "0")}`;
}

function connackProperties({ assignedClientIdentifier, serverKeepAlive }: PacketProperties<"connack">): string[] {
  const words: string[] = [];
  if (assignedClientIdentifier !== undefined) words.push("with an assigned identifier");
  if (serverKeepAlive !== undefined) words.push(`keep alive ${serverKeepAlive}`);
  return words;
}

function publishProperties(properties: PacketProperties<"publish">): string[] {
  return Object.entries(properties)
    .map(([name, value]) => `${name} ${value instanceof Uint8Array ? decoder.decode(value) : JSON.stringify(value)}`)
    .sort();
}
