import type { IncomingRecord, Message } from "@rivulet/engine";
import type { BrokerMessage, Copy } from "../broker/observer.ts";
import { isSame, nameOf } from "./payload.ts";
import type { Verdict } from "./verdict.ts";

// Theory of operation
//
// What becomes of every copy that the broker sends to a client: whether its consumers got it, how often, and in which
// order. A consumer is known by what it is for (a subscription of the plan, or everything), so that the one that a new
// process puts in its place continues its row.

/** Who takes messages: one handler, loop or reader in one process, or the listener to all messages. */
export interface ConsumerIdentity {
  readonly client: string;
  /** What it is for: a subscription of the plan, or everything. */
  readonly row: string;
  /** The process of the client, counted from 0, and the consumer in it. */
  readonly process: number;
  /** The last message that it got, by topic and QoS. */
  readonly last: Map<string, number>;
}

interface Entry {
  readonly message: BrokerMessage;
  readonly copies: Copy[];
  /** The place of its first copy among all copies of all clients. */
  readonly order: number;
  completed: number;
  /**
   * How often it may come once more: a consumer wants it again, or has refused it, and when the refusal is lost, it is a
   * new one [MQTT-4.3.3-9]; or the client was closed, or its process ended, before its consumers were done with it.
   */
  allowance: number;
  /** How often it has come, as the listener to all messages has seen. */
  shown: number;
  /** Hand-overs by row, in which process the last of them was, and how many of them its consumer was done with. */
  readonly handed: Map<string, { count: number; process: number; done: number }>;
}

/** Checks what clients receive. */
export class ReceivedLedger {
  readonly #verdict: Verdict;
  readonly #entries = new Map<string, Entry>();
  #order = 0;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  routed(client: string, copy: Copy): void {
    const key = keyOf(client, copy.message.payload, copy.qos);
    this.#order += 1;
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.copies.push(copy);
    else {
      const { message } = copy;
      this.#entries.set(key, {
        message,
        copies: [copy],
        order: this.#order,
        completed: 0,
        allowance: 0,
        shown: 0,
        handed: new Map(),
      });
    }
  }

  completed(client: string, copy: Copy): void {
    const entry = this.#entries.get(keyOf(client, copy.message.payload, copy.qos));
    if (entry !== undefined) entry.completed += 1;
  }

  /** A message was handed over to a consumer; returns how often it has been, to this one and those in its place. */
  handed(consumer: ConsumerIdentity, message: Message): number {
    const { client, row, process } = consumer;
    const name = nameOf(message.payload);
    const entry = this.#entries.get(keyOf(client, message.payload, message.qos));
    if (entry === undefined) {
      this.#verdict.fail(
        "nothing is invented",
        `${client} got ${name} at QoS ${message.qos}, which was not sent to it`,
      );
      return 0;
    }
    if (message.topic !== entry.message.topic || !isSame(message.payload, entry.message.payload)) {
      this.#verdict.fail("nothing is changed", `${name} came to ${client} on ${message.topic}`);
    }
    const handed = entry.handed.get(row) ?? { count: 0, process, done: 0 };
    handed.count += 1;
    entry.handed.set(row, handed);
    if (message.qos > 0 && handed.count > 1 && handed.process !== process)
      this.#verdict.count("a message is handed over again by a new process");
    if (message.qos !== 1 && handed.count > entry.copies.length) {
      // Whoever had it before may have come far with it.
      const isMarked = message.duplicate || handed.process === process || entry.copies.length > 1;
      if (!isMarked || handed.count > entry.copies.length + entry.allowance)
        this.#verdict.fail("QoS 2 exactly once, QoS 0 at most once", `${client} got ${name} ${handed.count} times`);
      else if (handed.process === process) this.#verdict.count("a message that was not taken comes again");
    }
    // Of several copies it cannot be told which one this was; what is retained comes when it is asked for. One that came
    // before may have been somebody else's then.
    const [copy, another] = entry.copies;
    const isFirst = handed.count === 1 && (entry.shown === 0 || copy?.sends === 1);
    if (isFirst && another === undefined && copy?.retain === false) this.#checkOrder(consumer, message, entry);
    handed.process = process;
    return handed.count;
  }

  /** A message has come, whoever takes it. */
  shown(client: string, { payload, qos }: Message): void {
    const entry = this.#entries.get(keyOf(client, payload, qos));
    if (entry !== undefined) entry.shown += 1;
  }

  /** A consumer has not taken a message that it got. */
  refused({ client }: ConsumerIdentity, { payload, qos }: Message): void {
    this.#allow(keyOf(client, payload, qos), 1);
  }

  /** A consumer is done with a message that it got. */
  done({ client, row }: ConsumerIdentity, { payload, qos }: Message): void {
    const handed = this.#entries.get(keyOf(client, payload, qos))?.handed.get(row);
    if (handed !== undefined) handed.done += 1;
  }

  /**
   * A client was closed: what its consumers were not done with comes again, from the server or, when it had been
   * acknowledged on receipt, from the store. `consumers` tells how many of them want a topic.
   */
  closed(client: string, hasStore: boolean, consumers: (topic: string) => number): void {
    for (const [key, { handed, message, copies }] of this.#entriesOf(client)) {
      const done = [...handed.values()].filter((one) => one.done >= copies.length);
      if (done.length >= Math.max(consumers(message.topic), handed.size, 1)) continue;
      const again = hasStore ? copies : copies.filter(({ stage }) => stage === "published");
      this.#allow(key, again.length);
    }
  }

  /**
   * The process of a client has ended: what its store does not say that it is done with comes again. `pubrecs` are the
   * Packet Identifiers for which PUBREC has left: those the store must have.
   */
  crashed(client: string, records: readonly IncomingRecord[], pubrecs: ReadonlySet<number>): void {
    const known = new Set(records.map(({ packetIdentifier }) => packetIdentifier));
    const taken = new Set(records.flatMap((one) => (one.packet === undefined ? one.packetIdentifier : [])));
    const held = new Set(records.flatMap((one) => (one.packet === undefined ? [] : nameOf(one.packet.payload))));
    for (const [key, { message, copies }] of this.#entriesOf(client)) {
      const again = copies.filter(({ stage, packetIdentifier = 0 }) => {
        return stage === "published" && !taken.has(packetIdentifier);
      });
      this.#allow(key, held.has(nameOf(message.payload)) ? copies.length : again.length);
      for (const { stage, packetIdentifier: id = 0 } of copies) {
        if (stage !== "published" || known.has(id) || !pubrecs.has(id)) continue;
        const what = `${client} has sent PUBREC for ${nameOf(message.payload)}, and its store does not know of it`;
        this.#verdict.fail("what PUBREC has left for is stored", what);
      }
    }
  }

  /** The QoS 2 messages of a client. */
  #entriesOf(client: string): [key: string, entry: Entry][] {
    return [...this.#entries].filter(([key]) => key.startsWith(`${client} `) && key.endsWith(" 2"));
  }

  #allow(key: string, times: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.allowance += times;
  }

  /** What a client has acknowledged and not handed over, as messages say; not where nobody wanted it. */
  missing(isExempt: (client: string, copies: readonly Copy[]) => boolean): string[] {
    const missing: string[] = [];
    for (const [key, { completed, handed, copies }] of this.#entries) {
      const [client = "", name, qos] = key.split(" ");
      if (completed === 0 || qos === "0" || handed.size > 0 || isExempt(client, copies)) continue;
      missing.push(`${client} has acknowledged ${name} at QoS ${qos} and nobody got it`);
    }
    return missing;
  }

  /** [MQTT-4.6.0-5] [MQTT-4.6.0-6] */
  #checkOrder(consumer: ConsumerIdentity, { topic, qos }: Message, { order, message }: Entry): void {
    const row = `${message.publisher} ${topic} ${qos}`;
    const last = consumer.last.get(row) ?? 0;
    if (order < last) {
      const what = `${consumer.client} got ${nameOf(message.payload)} on ${topic} after a later one`;
      this.#verdict.fail("order per topic and QoS", what);
    }
    consumer.last.set(row, Math.max(last, order));
  }
}

function keyOf(client: string, payload: Uint8Array, qos: number): string {
  return `${client} ${nameOf(payload)} ${qos}`;
}
