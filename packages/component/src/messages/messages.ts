import type { ControlPacket, PublishPacket } from "@rivulet/codec";
import type { MessageAckEvent, MessageEvent } from "../events.ts";
import { MessageStates, type ListedMessage, type MessageState } from "./listed-message.ts";

/** What becomes of messages. */
export interface MessageEvents {
  messageAck(event: MessageAckEvent, packet: PublishPacket): void;
  messageIn(event: MessageEvent, packet: PublishPacket): void;
  messageOut(event: MessageEvent): void;
  /** Whether anybody hears of such an event: otherwise it is not made. Default: of all. */
  has?(name: "messageAck" | "messageOut"): boolean;
}

/** An entry of the lists; its state goes on. What it shows is made when it is asked for: mostly it never is. */
class Entry implements ListedMessage {
  readonly packet: PublishPacket;
  readonly packetId: number;
  duplicate: boolean;
  state: MessageState;
  /** The last Reason Code of its acknowledgements that was not 0, or else 0. */
  responseCode = 0;

  constructor(packet: PublishPacket, state: MessageState) {
    this.packet = packet;
    this.packetId = packet.packetIdentifier ?? 0;
    this.duplicate = packet.duplicate;
    this.state = state;
  }

  get contentType(): string {
    return this.packet.properties?.contentType ?? "";
  }

  get correlationData(): string {
    return hex(this.packet.properties?.correlationData);
  }

  get message(): Uint8Array {
    return this.packet.payload;
  }

  get messageExpInterval(): number {
    return this.packet.properties?.messageExpiryInterval ?? 0;
  }

  get payloadFormatIndicator(): number {
    return this.packet.properties?.payloadFormatIndicator ?? 0;
  }

  get qos(): number {
    return this.packet.qos;
  }

  get responseTopic(): string {
    return this.packet.properties?.responseTopic ?? "";
  }

  get retained(): boolean {
    return this.packet.retain;
  }

  get subscriptionIdentifiers(): string {
    return (this.packet.properties?.subscriptionIdentifiers ?? []).join(",");
  }

  get topic(): string {
    return this.packet.topicName;
  }

  get topicAlias(): number {
    return this.packet.properties?.topicAlias ?? 0;
  }
}

type Acknowledgement = Extract<ControlPacket, { readonly type: "puback" | "pubrec" | "pubrel" | "pubcomp" }>;

type List = Map<number, Entry>;

const toServer = 0;
/** The `direction` of a message that has come. */
export const fromServer = 1;

// Theory of operation
//
// The lists follow the packets as they go by, in both directions: what has been sent is listed, and a state changes with
// the packet that changes it. Only who hands a message over decides whether it is a new one (`received`): the server may
// send it again. When the last acknowledgement has come or gone, `messageAck` tells of it, the message leaves the list,
// and then it is handed over.

/** The messages at QoS 1 and 2 whose exchanges are not over, and what becomes of each. */
export class Messages {
  /** By Packet Identifier. */
  readonly #incoming: List = new Map();
  readonly #outgoing: List = new Map();
  readonly #events: MessageEvents;

  constructor(events: MessageEvents) {
    this.#events = events;
  }

  /** From the server, the oldest first. */
  get incoming(): readonly ListedMessage[] {
    return [...this.#incoming.values()];
  }

  /** To the server, the oldest first. */
  get outgoing(): readonly ListedMessage[] {
    return [...this.#outgoing.values()];
  }

  /** The packet of a message from the server, by its Packet Identifier. */
  received(packetId: number): PublishPacket | undefined {
    return this.#incoming.get(packetId)?.packet;
  }

  /** Begins anew. */
  clear(): void {
    this.#incoming.clear();
    this.#outgoing.clear();
  }

  /**
   * The server has lost the Session: it will not ask for those to it again, and has handed over those that came, which
   * are returned for `handOver`.
   */
  lost(): readonly PublishPacket[] {
    const left = [...this.#incoming.values()].map(({ packet }) => packet);
    this.clear();
    return left;
  }

  /** Tells of a message that has come. */
  handOver(packet: PublishPacket): void {
    this.#events.messageIn(eventOf(packet), packet);
  }

  /** Whether a PUBLISH that is sent is one that is listed. */
  isSentAgain({ packetIdentifier = 0, payload }: PublishPacket): boolean {
    // A Packet Identifier may be that of another message by now.
    return this.#outgoing.get(packetIdentifier)?.message === payload;
  }

  /** Takes up a message of an earlier connection. */
  restore(direction: "incoming" | "outgoing", packet: PublishPacket, state: MessageState): void {
    const list = direction === "incoming" ? this.#incoming : this.#outgoing;
    add(list, packet, state);
  }

  /** A message came that is new. */
  arrived(packet: PublishPacket): void {
    if (packet.qos === 0) this.handOver(packet);
    else add(this.#incoming, packet, packet.qos === 1 ? MessageStates.sendingPuback : MessageStates.sendingPubrec);
  }

  /** A packet went by. */
  followed(direction: "in" | "out", packet: ControlPacket): void {
    if (direction === "out") this.#sent(packet);
    else this.#came(packet);
  }

  #sent(packet: ControlPacket): void {
    switch (packet.type) {
      case "publish":
        this.#published(packet);
        break;
      case "puback":
      case "pubcomp":
        this.#acknowledged(packet);
        break;
      case "pubrec":
        // One that refuses ends the exchange.
        if (packet.reasonCode >= 0x80) this.#acknowledged(packet);
        else goOn(this.#incoming, packet, MessageStates.awaitingPubrel);
        break;
      case "pubrel":
        goOn(this.#outgoing, packet, MessageStates.awaitingPubcomp);
        break;
      default: // No message's affair.
    }
  }

  #came(packet: ControlPacket): void {
    switch (packet.type) {
      case "puback":
      case "pubcomp":
        this.#completed(packet);
        break;
      case "pubrec":
        if (packet.reasonCode >= 0x80) this.#completed(packet);
        else goOn(this.#outgoing, packet, MessageStates.sendingPubrel);
        break;
      case "pubrel":
        goOn(this.#incoming, packet, MessageStates.sendingPubcomp);
        break;
      default: // No message's affair.
    }
  }

  #published(packet: PublishPacket): void {
    if (packet.qos === 0) {
      if (this.#isHeard("messageOut")) this.#events.messageOut(eventOf(packet));
      return;
    }
    const state = packet.qos === 1 ? MessageStates.awaitingPuback : MessageStates.awaitingPubrec;
    const known = this.#outgoing.get(packet.packetIdentifier ?? 0);
    if (known?.message === packet.payload) Object.assign(known, { duplicate: packet.duplicate, state });
    else add(this.#outgoing, packet, state);
  }

  /** The last acknowledgement has been sent. */
  #acknowledged(packet: Acknowledgement): void {
    const entry = goOn(this.#incoming, packet, MessageStates.acknowledged);
    if (entry === undefined) return;
    this.#over(this.#incoming, entry, fromServer);
    this.handOver(entry.packet);
  }

  /** The last acknowledgement has come. */
  #completed(packet: Acknowledgement): void {
    const entry = goOn(this.#outgoing, packet, MessageStates.completed);
    if (entry === undefined) return;
    this.#over(this.#outgoing, entry, toServer);
    if (this.#isHeard("messageOut")) this.#events.messageOut(eventOf(entry.packet, entry.duplicate));
  }

  #over(list: List, entry: Entry, direction: number): void {
    const { packetId } = entry;
    if (this.#isHeard("messageAck")) this.#tellAcknowledged(list, entry, direction);
    // A listener may have begun anew.
    if (list.get(packetId) === entry) list.delete(packetId);
  }

  #tellAcknowledged(list: List, { packetId, responseCode, packet }: Entry, direction: number): void {
    let index = 0;
    for (const key of list.keys()) {
      if (key === packetId) break; // Mostly the first.
      index += 1;
    }
    this.#events.messageAck({ packetId, direction, index, responseCode }, packet);
  }

  #isHeard(name: "messageAck" | "messageOut"): boolean {
    return this.#events.has?.(name) ?? true;
  }
}

function add(list: List, packet: PublishPacket, state: MessageState): void {
  const entry = new Entry(packet, state);
  list.delete(entry.packetId); // It comes last.
  list.set(entry.packetId, entry);
}

/** An acknowledgement went by. A PUBREC may say what PUBCOMP does not repeat: that nobody has subscribed. */
function goOn(list: List, { packetIdentifier, reasonCode }: Acknowledgement, state: MessageState): Entry | undefined {
  const entry = list.get(packetIdentifier);
  if (entry === undefined) return undefined;
  entry.state = state;
  entry.responseCode = reasonCode || entry.responseCode;
  return entry;
}

function eventOf(packet: PublishPacket, duplicate: boolean = packet.duplicate): MessageEvent {
  const { packetIdentifier = -1, topicName, qos, payload, retain } = packet;
  return {
    packetId: qos === 0 ? -1 : packetIdentifier,
    topic: topicName,
    qos,
    message: payload,
    retained: retain,
    duplicate,
  };
}

function hex(bytes: Uint8Array | undefined): string {
  return [...(bytes ?? [])].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
