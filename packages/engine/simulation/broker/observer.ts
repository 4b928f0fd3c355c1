import type { ControlPacketInput, PublishPacket } from "@rivulet/codec";
import type { SituationName } from "../checks/situations.ts";

/** An application message inside the broker. */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** What travels with the message unaltered (section 3.3.2.3), Message Expiry Interval apart. */
  readonly properties: NonNullable<PublishPacket["properties"]>;
  /** When it expires; Infinity when it does not. */
  readonly expiresAt: number;
  /** The client that published it, or whose will it is. */
  readonly publisher: string;
}

/** One copy of a message on its way to one client. */
export interface Copy {
  readonly message: BrokerMessage;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** The Topic Filters that it is sent for. */
  readonly filters: readonly string[];
  packetIdentifier: number | undefined;
  stage: "queued" | "published" | "released";
  /** How often its PUBLISH was sent. */
  sends: number;
}

/** Why a copy was given up. */
export type DropReason = "expired" | "too large" | "offline" | "session over" | "refused";

/** Who is told what happens in a broker: the checks of the simulation, a test, a transcript. */
export interface BrokerObserver {
  /** A client did what the specification forbids. */
  violation(client: string, clause: string, what: string): void;
  /**
   * A CONNECT was accepted. A Session may be present that is `unknown` to the client, because the CONNACK that told of its
   * beginning was lost.
   */
  connected(client: string, session: "new" | "present" | "unknown"): void;
  /** The Session of a client is over. */
  sessionOver(client: string): void;
  /** A PUBLISH came, be it for the first time or again. */
  received(client: string, packet: PublishPacket): void;
  /** The broker has taken responsibility for a message, and refused another. */
  accepted(client: string, packet: PublishPacket): void;
  refused(client: string, packet: PublishPacket, reasonCode: number): void;
  /** A copy waits to be sent; was given up; was acknowledged to the end. */
  routed(client: string, copy: Copy): void;
  dropped(client: string, copy: Copy, reason: DropReason): void;
  completed(client: string, copy: Copy): void;
  /** A will was published. */
  will(client: string, message: BrokerMessage): void;
  /** Something worth counting. */
  situation(name: SituationName): void;
  /** A packet came from a client (`>`), or goes to it (`<`); left out where nobody reads along. */
  packet?(client: string, way: "<" | ">", packet: ControlPacketInput): void;
}

/** Where a broker's time comes from. */
export interface BrokerTime {
  now(): number;
  /** Calls back after a delay; returns a function that calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The broker's end of a network connection. */
export interface Wire {
  send(bytes: Uint8Array): void;
  /** Closes the connection after what was sent. */
  close(): void;
}
