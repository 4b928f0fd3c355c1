import type { ControlPacket } from "./packets/types.ts";

/** What every error of Rivulet can say beside its message. */
export interface MqttErrorOptions {
  /** The MQTT Reason Code that fits, as a number; see `reasonCodes`. */
  readonly reasonCode?: number | undefined;
  /** The Reason String that the server sent, if it sent one. */
  readonly reasonString?: string | undefined;
  /** What this error came from. */
  readonly cause?: unknown;
}

/**
 * The root of all errors that Rivulet throws, rejects with or reports.
 *
 * `code` is a documented, stable string for programs; `message` is for people and never holds a payload or a password.
 */
export class MqttError extends Error {
  /** A stable, documented name for this kind of error, such as `"ERR_MALFORMED_PACKET"`. */
  readonly code: string;
  /** The MQTT Reason Code that goes with the error, where there is one. */
  readonly reasonCode: number | undefined;
  /** The Reason String that the server sent, where it sent one. */
  readonly reasonString: string | undefined;

  constructor(code: string, message: string, options: MqttErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.reasonCode = options.reasonCode;
    this.reasonString = options.reasonString;
  }

  // Written out, because a minifier renames the class.
  override name = "MqttError";
}

/** What the codec's errors know beside the reason: where in the packet it was found. */
export interface PacketErrorOptions extends MqttErrorOptions {
  /** Position in the packet, in bytes, counted from the first byte of its fixed header. Absent when encoding. */
  readonly offset?: number | undefined;
}

/** What the errors of encoding and decoding have in common. */
export class PacketError extends MqttError {
  /** Position in the packet, in bytes from the first byte of its fixed header; `undefined` when encoding. */
  readonly offset: number | undefined;
  /** The packets that `Decoder.push` had read from the same chunk before this one. */
  packets: readonly ControlPacket[] = [];

  constructor(code: string, message: string, options: PacketErrorOptions) {
    super(code, message, options);
    this.offset = options.offset;
  }
}

/**
 * The bytes cannot be read as a Control Packet of this protocol version, or a packet cannot be written as one
 * (section 4.13 of MQTT 5.0). `reasonCode` is 0x81.
 */
export class MalformedPacketError extends PacketError {
  constructor(message: string, options?: PacketErrorOptions) {
    super("ERR_MALFORMED_PACKET", message, { reasonCode: 0x81, ...options });
  }

  override name = "MalformedPacketError";
}

/**
 * The packet can be read, and holds what the protocol forbids (section 4.13 of MQTT 5.0). `reasonCode` is 0x82, or
 * a more precise one such as 0x94, Topic Alias invalid.
 */
export class ProtocolError extends PacketError {
  constructor(message: string, options?: PacketErrorOptions) {
    super("ERR_PROTOCOL", message, { reasonCode: 0x82, ...options });
  }

  override name = "ProtocolError";
}

/** A packet is larger than the receiver accepts (section 3.1.2.11.4). `reasonCode` is 0x95. */
export class PacketTooLargeError extends PacketError {
  /** Size of the packet, in bytes, its fixed header included. */
  readonly size: number;
  /** The limit that it exceeds, in bytes. */
  readonly maximumPacketSize: number;

  constructor(size: number, maximumPacketSize: number, options?: PacketErrorOptions) {
    const message = `The packet has ${size} bytes and the limit is ${maximumPacketSize}`;
    super("ERR_PACKET_TOO_LARGE", message, { reasonCode: 0x95, ...options });
    this.size = size;
    this.maximumPacketSize = maximumPacketSize;
  }

  override name = "PacketTooLargeError";
}

/** A Topic Name or Topic Filter breaks the rules of section 4.7. `reasonCode` is 0x90 or 0x8F. */
export class InvalidTopicError extends MqttError {
  /** The topic in question. */
  readonly topic: string;

  constructor(message: string, topic: string, options?: MqttErrorOptions) {
    super("ERR_INVALID_TOPIC", message, { reasonCode: 0x90, ...options });
    this.topic = topic;
  }

  override name = "InvalidTopicError";
}
