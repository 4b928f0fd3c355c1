import type { PacketProperties } from "../properties.ts";

/** Version of the protocol, as its number on the wire: 5 is MQTT 5.0, 4 is MQTT 3.1.1, 3 is MQTT 3.1. */
export type ProtocolVersion = 3 | 4 | 5;

/** Quality of Service: 0 at most once, 1 at least once, 2 exactly once (section 4.3). */
export type QoS = 0 | 1 | 2;

/** When retained messages are sent: 0 at each subscribe, 1 only for a new subscription, 2 never (section 3.8.3.1). */
export type RetainHandling = 0 | 1 | 2;

/** The message that the server publishes when the connection ends without a DISCONNECT (section 3.1.2.5). */
export interface Will {
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"will">;
}

/** CONNECT, client to server (section 3.1). */
export interface ConnectPacket {
  type: "connect";
  protocolVersion: ProtocolVersion;
  /** Called Clean Session in MQTT 3.1.1. */
  cleanStart: boolean;
  /** Seconds; 0 turns keep-alive off. */
  keepAlive: number;
  clientIdentifier: string;
  will?: Will;
  userName?: string;
  password?: Uint8Array;
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"connect">;
}

/** CONNACK, server to client (section 3.2). */
export interface ConnackPacket {
  type: "connack";
  sessionPresent: boolean;
  /** A Reason Code in MQTT 5.0; a Connect Return code, 0 to 5, in MQTT 3.1.1. */
  reasonCode: number;
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"connack">;
}

/** PUBLISH, both ways (section 3.3). */
export interface PublishPacket {
  type: "publish";
  /** Empty only in MQTT 5.0, where `properties.topicAlias` then stands for it. */
  topicName: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  duplicate: boolean;
  /** 1 to 65,535 at QoS 1 and 2; absent at QoS 0. */
  packetIdentifier?: number;
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"publish">;
}

interface Acknowledgement<T extends "puback" | "pubrec" | "pubrel" | "pubcomp"> {
  type: T;
  packetIdentifier: number;
  /** Always 0 in MQTT 3.1.1, which has no Reason Code here. */
  reasonCode: number;
  /** MQTT 5.0 only. */
  properties?: PacketProperties<T>;
}

/** PUBACK, answer to a PUBLISH at QoS 1 (section 3.4). */
export interface PubackPacket extends Acknowledgement<"puback"> {}
/** PUBREC, first answer to a PUBLISH at QoS 2 (section 3.5). */
export interface PubrecPacket extends Acknowledgement<"pubrec"> {}
/** PUBREL, answer to a PUBREC (section 3.6). */
export interface PubrelPacket extends Acknowledgement<"pubrel"> {}
/** PUBCOMP, answer to a PUBREL (section 3.7). */
export interface PubcompPacket extends Acknowledgement<"pubcomp"> {}

/** One Topic Filter of a SUBSCRIBE with its Subscription Options (section 3.8.3.1). */
export interface TopicSubscription {
  topicFilter: string;
  qos: QoS;
  /** Do not send back what this client published. MQTT 5.0 only; false before. */
  noLocal: boolean;
  /** Keep the RETAIN flag as it was published. MQTT 5.0 only; false before. */
  retainAsPublished: boolean;
  /** MQTT 5.0 only; 0 before. */
  retainHandling: RetainHandling;
}

/** SUBSCRIBE, client to server (section 3.8). */
export interface SubscribePacket {
  type: "subscribe";
  packetIdentifier: number;
  /** At least one. */
  subscriptions: TopicSubscription[];
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"subscribe">;
}

/** SUBACK, server to client (section 3.9). */
export interface SubackPacket {
  type: "suback";
  packetIdentifier: number;
  /** One for each Topic Filter, in the order of the SUBSCRIBE. */
  reasonCodes: number[];
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"suback">;
}

/** UNSUBSCRIBE, client to server (section 3.10). */
export interface UnsubscribePacket {
  type: "unsubscribe";
  packetIdentifier: number;
  /** At least one. */
  topicFilters: string[];
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"unsubscribe">;
}

/** UNSUBACK, server to client (section 3.11). */
export interface UnsubackPacket {
  type: "unsuback";
  packetIdentifier: number;
  /** One for each Topic Filter in MQTT 5.0; empty in MQTT 3.1.1, which has none. */
  reasonCodes: number[];
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"unsuback">;
}

/** PINGREQ, client to server (section 3.12). */
export interface PingreqPacket {
  type: "pingreq";
}

/** PINGRESP, server to client (section 3.13). */
export interface PingrespPacket {
  type: "pingresp";
}

/** DISCONNECT: client to server; in MQTT 5.0 both ways (section 3.14). */
export interface DisconnectPacket {
  type: "disconnect";
  /** Always 0 in MQTT 3.1.1, which has no Reason Code here. */
  reasonCode: number;
  /** MQTT 5.0 only. */
  properties?: PacketProperties<"disconnect">;
}

/** AUTH, both ways, MQTT 5.0 only (section 3.15). */
export interface AuthPacket {
  type: "auth";
  reasonCode: number;
  properties?: PacketProperties<"auth">;
}

/** Any of the fifteen MQTT Control Packets (section 2.1.2), told apart by `type`. */
export type ControlPacket =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | PubackPacket
  | PubrecPacket
  | PubrelPacket
  | PubcompPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;

/** The name of a Control Packet: `"connect"`, `"connack"`, ... `"auth"`. */
export type PacketType = ControlPacket["type"];

/** The Control Packet of a given name. */
export type PacketOf<T extends PacketType> = Extract<ControlPacket, { type: T }>;

type Defaulted<P, K extends keyof P> = P extends unknown ? Omit<P, K> & Partial<Pick<P, K>> : never;

/** A Topic Filter with its options, as `encode` takes it: what is left out is 0 or false. */
export type TopicSubscriptionInput = Defaulted<
  TopicSubscription,
  "qos" | "noLocal" | "retainAsPublished" | "retainHandling"
>;

/**
 * A Control Packet as `encode` takes it. Flags may be left out and are then false, and so may a QoS, which is then 0,
 * a Reason Code, which is then 0x00, Success, and the protocol version of a CONNECT, which is then that of the call.
 */
export type ControlPacketInput =
  | (Defaulted<Omit<ConnectPacket, "will">, "protocolVersion" | "cleanStart" | "keepAlive"> & {
      will?: Defaulted<Will, "qos" | "retain">;
    })
  | Defaulted<ConnackPacket, "sessionPresent" | "reasonCode">
  | Defaulted<PublishPacket, "qos" | "retain" | "duplicate">
  | Defaulted<PubackPacket, "reasonCode">
  | Defaulted<PubrecPacket, "reasonCode">
  | Defaulted<PubrelPacket, "reasonCode">
  | Defaulted<PubcompPacket, "reasonCode">
  | (Omit<SubscribePacket, "subscriptions"> & { subscriptions: TopicSubscriptionInput[] })
  | SubackPacket
  | UnsubscribePacket
  | Defaulted<UnsubackPacket, "reasonCodes">
  | PingreqPacket
  | PingrespPacket
  | Defaulted<DisconnectPacket, "reasonCode">
  | Defaulted<AuthPacket, "reasonCode">;
