import type { ControlPacket, ControlPacketInput } from "@rivulet/codec";
import { nameOf } from "../checks/payload.ts";

/** What happened in a world, a line for each event. */
export class Transcript {
  readonly lines: string[] = [];

  note(at: number, who: string, what: string): void {
    this.lines.push(`${at.toFixed(0).padStart(7)}  ${who.padEnd(6)} ${what}`);
  }

  /** A packet as the broker sees it: `>` came from the client, `<` goes to it. */
  packet(at: number, client: string, way: "<" | ">", packet: ControlPacketInput): void {
    this.note(at, client, `  ${way} ${inShort(packet as ControlPacket)}`);
  }
}

/** A packet in a few words. */
function inShort(packet: ControlPacket): string {
  const words: string[] = [packet.type.toUpperCase()];
  if ("packetIdentifier" in packet) words.push(`#${packet.packetIdentifier}`);
  if (packet.type === "publish") {
    words.push(nameOf(packet.payload), `QoS ${packet.qos}`, packet.topicName);
    if (packet.duplicate) words.push("DUP");
    if (packet.retain) words.push("RETAIN");
  }
  if (packet.type === "connect") words.push(`version ${packet.protocolVersion}`, packet.cleanStart ? "clean" : "");
  if (packet.type === "connack") words.push(packet.sessionPresent ? "session present" : "");
  if (packet.type === "subscribe")
    words.push(packet.subscriptions.map(({ topicFilter, qos }) => `${topicFilter}:${qos}`).join(" "));
  if ("reasonCode" in packet && (packet.reasonCode ?? 0) !== 0) words.push(`0x${packet.reasonCode.toString(16)}`);
  if ("properties" in packet && packet.properties !== undefined) {
    const text = JSON.stringify(packet.properties);
    if (text !== "{}") words.push(text);
  }
  return words.join(" ").trim();
}
