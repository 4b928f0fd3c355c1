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
  /** Whether whoever waited for it has given it up: it is seen through, but not begun again. */
  isGivenUp?: boolean;
  /** Of a message at QoS 1 or 2, whether somebody waits for it to be sent. */
  tellsSent?: boolean;
  /** Its place in the order of all of them. */
  order: number;
  /** Its place in the order of the table, where it is there. */
  place: number;
  /** Bytes of the packet while it waits to be sent for the first time. */
  size: number;
  /** What it awaits; undefined until it has been sent. */
  awaits: Answer["type"] | undefined;
  /** Whether it counts against the send quota of this connection. */
  hasQuota: boolean;
  /** Of a message, when it expires unless it has been sent: ms since 1970. */
  expiresAt?: number;
  /** Of a message at QoS 2, the place of its PUBREL in the order of all of them. */
  released?: number;
  /** Of a request, how long an answer is waited for, in ms, and when that began. */
  timeoutMs?: number;
  /** When its last packet left, where that matters. */
  sentAt?: number;
}

/** An exchange of a message. */
export type Outgoing<Context> = Exchange<Context> & { readonly packet: PublishPacket };

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
  readonly topicName: string;
  /** What to say, once the application is done with the message. */
  acknowledgement: Acknowledgement | undefined;
  /** Whether PUBACK or PUBREC has been sent. */
  isAcknowledged: boolean;
  /** The message, while a consumer that had it acknowledged on receipt is not done with it, and somebody keeps it. */
  held?: PublishPacket | undefined;
  /** Its place in the order in which messages came. */
  readonly order: number;
  /** What it is kept under, once its Packet Identifier is free. */
  key?: string;
  /** Since when it waits, in ms of the Session's clock. */
  readonly since: number;
}

/** Where an exchange stands; the numbers of the component's message states follow this order. */
export type Stage =
  | "awaiting-puback"
  | "awaiting-pubrec"
  | "sending-pubrel"
  | "awaiting-pubcomp"
  | "completed"
  | "sending-puback"
  | "sending-pubrec"
  | "awaiting-pubrel"
  | "sending-pubcomp"
  | "acknowledged";

/** A message under way. */
export interface InflightMessage {
  readonly topic: string;
  readonly packetId: number;
  readonly qos: 1 | 2;
  readonly stage: Stage;
}
