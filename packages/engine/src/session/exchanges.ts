import type {
  PacketProperties,
  PubackPacket,
  PubcompPacket,
  PublishPacket,
  PubrecPacket,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
} from "@rivulet/codec";

/** The packets that end or further an exchange that we began. */
export type Answer = PubackPacket | PubrecPacket | PubcompPacket | SubackPacket | UnsubackPacket;

/** A SUBSCRIBE or UNSUBSCRIBE without the Packet Identifier that the Session gives it. */
export type Request = Omit<SubscribePacket, "packetIdentifier"> | Omit<UnsubscribePacket, "packetIdentifier">;

/** Something that the server is to answer, from the command to the end. */
export interface Exchange<Context> {
  readonly packet: PublishPacket | Request;
  /** What the command was given to tell its exchanges apart; undefined once nobody waits for it any more. */
  context: Context | undefined;
  /** Bytes of the packet while it waits to be sent. */
  size: number;
  /** What it awaits; undefined until it has been sent. */
  awaits: Answer["type"] | undefined;
}

/** What PUBACK or PUBREC is to say. */
export interface Acknowledgement {
  /** Default: 0x00. */
  readonly reasonCode?: number;
  readonly properties?: PacketProperties<"puback">;
}

/** One message from the server at QoS 1 or 2, from its PUBLISH to the end of its acknowledgement (section 4.3). */
export interface IncomingExchange {
  readonly packetIdentifier: number;
  readonly qos: 1 | 2;
  /** What to say, once the application is done with the message. */
  acknowledgement: Acknowledgement | undefined;
  /** Whether PUBACK or PUBREC has been sent. */
  isAcknowledged: boolean;
}
