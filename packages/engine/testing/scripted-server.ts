import {
  Decoder,
  encode,
  type ControlPacket,
  type ControlPacketInput,
  type PacketOf,
  type PacketType,
  type ProtocolVersion,
  type PublishPacket,
} from "@rivulet/codec";
import { TransportError, type Duplex } from "@rivulet/engine";
import { until } from "./virtual-environment.ts";

/** What a server answers to each type of packet. */
export type Answers = { [Type in PacketType]?: (packet: PacketOf<Type>) => ControlPacketInput[] };

const grants = (packet: PacketOf<"subscribe">): number[] => packet.subscriptions.map(({ qos }) => qos);

/** What a server answers that takes everything. */
const willing: Answers = {
  connect: () => [{ type: "connack" }],
  subscribe: (packet) => [{ type: "suback", packetIdentifier: packet.packetIdentifier, reasonCodes: grants(packet) }],
  publish: ({ qos, packetIdentifier = 0 }) =>
    qos === 0 ? [] : [{ type: qos === 1 ? "puback" : "pubrec", packetIdentifier }],
  pubrec: ({ packetIdentifier, reasonCode }) => (reasonCode < 0x80 ? [{ type: "pubrel", packetIdentifier }] : []),
  pubrel: ({ packetIdentifier }) => [{ type: "pubcomp", packetIdentifier }],
  pingreq: () => [{ type: "pingresp" }],
};

/**
 * The server's side of one connection, in memory. It takes what the client sends unless it is stalled; what it sends
 * waits here until the client reads.
 */
export class ScriptedServer {
  /** The client's side. */
  readonly duplex: Duplex;
  /** What the client has sent, and the same by the chunks in which it came. */
  readonly received: ControlPacket[] = [];
  readonly chunks: ControlPacket[][] = [];
  answers: Answers;
  /** Whether it closes its side when the client has closed its own. */
  endsWithClient = true;
  /** Why the client has dropped the connection; undefined while it has not. */
  aborted: { readonly reason: unknown } | undefined;
  /** Whether the client has closed its side in good order. */
  isClosedByClient = false;
  /** Whether writes that are under way when the connection is dropped are told so. */
  settlesDroppedWrites = true;
  /** Why it cannot be written to. */
  failsWrites: Error | undefined;
  version: ProtocolVersion = 5;
  /** Whether the packets of one answer come in one chunk. */
  joinsAnswers = false;

  readonly #decoder = new Decoder();
  readonly #unread: Uint8Array[] = [];
  #reader: ReadableStreamDefaultController<Uint8Array> | undefined;
  #readerWaits: (() => void) | undefined;
  #isEnding = false;
  #isOver = false;
  #stalled: { resume: () => void; drop: (error: Error) => void; done: Promise<void> } | undefined;
  #identifier = 0;
  #closed!: { resolve: () => void; reject: (error: Error) => void };

  constructor(url: string, answers: Answers) {
    this.answers = { ...willing, ...answers };
    let writer!: WritableStreamDefaultController;
    const closed = new Promise<void>((resolve, reject) => {
      this.#closed = { resolve, reject };
    });
    closed.catch(() => undefined);
    this.duplex = {
      readable: new ReadableStream(
        {
          start: (controller) => {
            this.#reader = controller;
          },
          pull: () => this.#pull(),
        },
        { highWaterMark: 0 },
      ),
      writable: new WritableStream({
        start: (controller) => {
          writer = controller;
        },
        write: (chunk) => this.#take(chunk),
        close: () => {
          this.isClosedByClient = true;
          if (this.endsWithClient) this.end();
        },
      }),
      info: { transport: "memory", url },
      closed,
      abort: (reason) => {
        if (this.aborted !== undefined) return;
        this.aborted = { reason };
        writer.error(reason);
        this.#lose(new TransportError("The connection was dropped"));
      },
    };
  }

  /** Chunks that were sent and that the client has not read. */
  get unread(): number {
    return this.#unread.length;
  }

  /** What has come of one type. */
  all<Type extends PacketType>(type: Type): PacketOf<Type>[] {
    return this.received.filter((packet): packet is PacketOf<Type> => packet.type === type);
  }

  /** Waits for so many packets of one type in all, and returns the last of them. */
  async expect<Type extends PacketType>(type: Type, count = 1): Promise<PacketOf<Type>> {
    await until(() => this.all(type).length >= count);
    return this.all(type)[count - 1] as PacketOf<Type>;
  }

  /** Sends packets, each in a chunk of its own. */
  send(...packets: ControlPacketInput[]): void {
    for (const packet of packets) this.sendBytes(encode(packet, this.version));
  }

  /** Sends packets in one chunk. */
  sendTogether(...packets: ControlPacketInput[]): void {
    this.sendBytes(Uint8Array.from(packets.flatMap((packet) => [...encode(packet, this.version)])));
  }

  /** Sends a message; gives it the next Packet Identifier where it needs one. */
  publish(topicName: string, text = "", packet: Partial<PublishPacket> = {}): void {
    const { qos = 0 } = packet;
    this.#identifier += qos === 0 ? 0 : 1;
    const identifier = qos === 0 ? {} : { packetIdentifier: this.#identifier };
    this.send({ type: "publish", topicName, payload: new TextEncoder().encode(text), ...identifier, ...packet });
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#unread.push(bytes);
    this.#readerWaits?.();
  }

  /** Closes its side, after what was sent. */
  end(): void {
    this.#isEnding = true;
    this.#readerWaits?.();
    if (this.#unread.length === 0) this.#over();
  }

  /** Loses the connection. */
  lose(error: Error): void {
    this.#lose(error);
  }

  /** Takes nothing more. */
  stall(): void {
    let resume!: () => void;
    let drop!: (error: Error) => void;
    const done = new Promise<void>((resolve, reject) => {
      resume = resolve;
      drop = reject;
    });
    done.catch(() => undefined);
    this.#stalled = { resume, drop, done };
  }

  resume(): void {
    this.#stalled?.resume();
    this.#stalled = undefined;
  }

  async #pull(): Promise<void> {
    if (this.#unread.length === 0 && !this.#isEnding) {
      await new Promise<void>((resolve) => {
        this.#readerWaits = resolve;
      });
    }
    const chunk = this.#unread.shift();
    if (chunk !== undefined && !this.#isOver) this.#reader?.enqueue(chunk);
    else if (this.#isEnding) this.#over();
  }

  async #take(chunk: Uint8Array): Promise<void> {
    await this.#stalled?.done;
    if (this.failsWrites !== undefined) throw this.failsWrites;
    const packets = this.#decoder.push(chunk);
    this.chunks.push(packets);
    for (const packet of packets) {
      this.received.push(packet);
      if (packet.type === "connect") this.version = packet.protocolVersion;
      // The key and the packet are of the same type.
      const answer = this.answers[packet.type] as ((packet: ControlPacket) => ControlPacketInput[]) | undefined;
      const answers =
        packet.type === "unsubscribe" && answer === undefined ? [this.#unsuback(packet)] : answer?.(packet);
      if (this.joinsAnswers) this.sendTogether(...(answers ?? []));
      else this.send(...(answers ?? []));
    }
  }

  #unsuback({ packetIdentifier, topicFilters }: PacketOf<"unsubscribe">): ControlPacketInput {
    const reasonCodes = this.version === 5 ? topicFilters.map(() => 0) : [];
    return { type: "unsuback", packetIdentifier, reasonCodes };
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader?.close();
    this.#closed.resolve();
  }

  #lose(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#readerWaits?.();
    this.#reader?.error(error);
    if (this.settlesDroppedWrites) this.#stalled?.drop(error);
    this.#closed.reject(error);
  }
}
