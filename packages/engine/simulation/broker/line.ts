import type { ConnectPacket, ControlPacketInput, PacketProperties, ProtocolVersion } from "@rivulet/codec";

/** What the two halves of a Session need of the connection that it has now. */
export interface Line {
  readonly version: ProtocolVersion;
  /** What the client's CONNECT said. */
  readonly connect: ConnectPacket;
  readonly properties: PacketProperties<"connect">;
  /** Sends a packet; false when it is larger than the client accepts, and was not sent [MQTT-3.1.2-24]. */
  send(packet: ControlPacketInput): boolean;
  /** Runs something after the broker has thought about it, in the order of the calls; never, when the connection ends. */
  later(callback: () => void): void;
  /** The client did what it must not, and what a server can live with: notes it. */
  note(clause: string, what: string): void;
  /** The client has broken the protocol: notes it and ends the connection. */
  violate(clause: string, what: string, reasonCode?: number): void;
}
