import type { ControlPacket, PublishPacket } from "@rivulet/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, same } from "../../../codec/testing/property-test.ts";
import { answer, SessionDriver, type DriverOptions } from "../../testing/session-driver.ts";
import type { SessionRecord } from "../session-store.ts";
import type { Exchange, IncomingExchange } from "./exchanges.ts";

type Step =
  | { readonly name: "publish"; readonly qos: 0 | 1 | 2; readonly expiry: number | undefined }
  | { readonly name: "connection"; readonly sessionPresent: boolean; readonly receiveMaximum: number }
  | { readonly name: "acknowledge"; readonly which: number; readonly isRefusal: boolean; readonly isHeld: boolean }
  | { readonly name: "answer"; readonly which: number; readonly isRefusal: boolean }
  | { readonly name: "cancel" | "release" | "pubrel" | "forget"; readonly which: number }
  | { readonly name: "subscribe" | "unsubscribe"; readonly filters: readonly string[] }
  | { readonly name: "message" | "restart" | "transmit" | "wait" };

const which = fc.nat({ max: 20 });
const isRefusal = fc.boolean();
const filters = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 });
const expiry = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
const sessionPresent = fc.boolean();
const receiveMaximum = fc.integer({ min: 1, max: 4 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ name: fc.constant("publish"), qos: fc.constantFrom(0, 1, 2), expiry }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("connection"), sessionPresent, receiveMaximum }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant("acknowledge"), which, isRefusal, isHeld: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ name: fc.constant("answer"), which, isRefusal }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constantFrom("cancel", "release", "pubrel", "forget"), which }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constantFrom("subscribe", "unsubscribe"), filters }) },
  { weight: 8, arbitrary: fc.record({ name: fc.constantFrom("message", "restart", "transmit", "transmit", "wait") }) },
);

type Sent = ControlPacket & { readonly packetIdentifier?: number };

function sorted(records: Iterable<SessionRecord>): SessionRecord[] {
  return [...records].sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** A Session, what its changes make of a store, and a server that answers what it has got. */
class World {
  #driver: SessionDriver;
  readonly #options: DriverOptions;
  readonly #store = new Map<string, SessionRecord>();
  readonly #outgoing: Exchange<string>[] = [];
  readonly #incoming: { readonly exchange: IncomingExchange; readonly packet: PublishPacket; isDone?: boolean }[] = [];
  /** What the server has got of this client, and owes an answer for. */
  readonly #owed: Sent[] = [];
  /** The server's own messages: its identifiers, and whether they have had PUBREC. */
  readonly #messages = new Map<number, boolean>();
  #now = 0;
  #count = 0;

  constructor(sessionLost: "republish" | "republish-qos1" | "fail") {
    const session = { isKept: true, hasAutomaticAliases: true, wallNow: (): number => this.#now };
    this.#options = { session, request: { sessionLost }, connect: { cleanStart: false } };
    this.#driver = new SessionDriver(this.#options).connected();
  }

  do(step: Step): void {
    const { session } = this.#driver;
    if (session.state === "ended" || session.state === "offline") this.#connect(true, 4);
    this.#act(step);
    this.#take();
    this.check();
  }

  /** Whatever has been written down is what the Session knows, at any moment. */
  check(): void {
    const { session } = this.#driver;
    for (const { key, record } of session.changes()) {
      if (record === undefined) this.#store.delete(key);
      else this.#store.set(key, structuredClone(record));
    }
    same(sorted(this.#store.values()), sorted(session.records));
  }

  #act(step: Step): void {
    const { session } = this.#driver;
    switch (step.name) {
      case "publish": {
        this.#count += 1;
        const properties = step.expiry === undefined ? {} : { properties: { messageExpiryInterval: step.expiry } };
        const exchange = this.#driver.publish(`t${this.#count % 5}`, { qos: step.qos, ...properties });
        if (exchange !== undefined) this.#outgoing.push(exchange);
        break;
      }
      case "connection":
        this.#connect(step.sessionPresent, step.receiveMaximum);
        break;
      case "message":
        for (let identifier = 1; identifier < 4; identifier++) {
          if (this.#messages.has(identifier)) continue;
          this.#messages.set(identifier, false);
          this.#driver.message(identifier, { qos: 2 });
          break;
        }
        break;
      case "acknowledge": {
        const delivery = this.#pick(this.#incoming, step.which);
        if (delivery === undefined) break;
        const reasonCode = step.isRefusal && !step.isHeld ? 0x80 : 0;
        session.acknowledge(delivery.exchange, { reasonCode }, step.isHeld ? delivery.packet : undefined);
        delivery.isDone = true;
        break;
      }
      case "release": {
        const delivery = this.#pick(this.#incoming, step.which);
        if (delivery?.isDone === true) session.release(delivery.exchange);
        break;
      }
      case "forget": {
        const delivery = this.#pick(this.#incoming, step.which);
        if (delivery === undefined || delivery.isDone === true) break;
        session.forget(delivery.exchange);
        delivery.isDone = true;
        this.#connect(true, 4);
        break;
      }
      case "pubrel": {
        const identifier = this.#pick([...this.#messages.keys()], step.which);
        if (identifier !== undefined && this.#messages.get(identifier) === true) {
          this.#driver.receive(answer("pubrel", identifier));
        }
        break;
      }
      case "answer":
        this.#answer(step.which, step.isRefusal);
        break;
      case "cancel": {
        const exchange = this.#pick(this.#outgoing, step.which);
        if (exchange !== undefined) session.cancel(exchange);
        break;
      }
      case "subscribe":
      case "unsubscribe":
        this.#driver[step.name]("s", step.filters);
        break;
      case "restart":
        this.check();
        session.transportClosed(undefined);
        this.#driver = new SessionDriver(this.#options);
        this.#driver.session.restore([...this.#store.values()], true);
        this.#outgoing.length = 0;
        this.#incoming.length = 0;
        this.#connect(true, 4);
        break;
      case "wait":
        this.#now += 2_000;
        break;
      case "transmit":
        this.#transmit();
        break;
    }
  }

  /** One batch leaves, and what it says has been written down before. */
  #transmit(): void {
    const batch = this.#driver.sent() as Sent[];
    this.check();
    for (const packet of batch) {
      const { type, packetIdentifier = 0 } = packet;
      if (type === "publish" && packet.qos > 0)
        this.#expectOutgoing(packetIdentifier, packet.qos === 1 ? "puback" : "pubrec");
      if (type === "pubrel" && packet.reasonCode === 0) this.#expectOutgoing(packetIdentifier, "pubcomp");
      if (type === "pubrec") {
        same(this.#store.has(`in/${packetIdentifier}`), packet.reasonCode === 0);
        if (packet.reasonCode === 0) this.#messages.set(packetIdentifier, true);
        else this.#messages.delete(packetIdentifier);
      } else if (type === "pubcomp") {
        same(this.#store.has(`in/${packetIdentifier}`), false);
        this.#messages.delete(packetIdentifier);
      } else if (packetIdentifier > 0) {
        this.#owed.push(packet);
      }
    }
  }

  #expectOutgoing(packetIdentifier: number, awaits: string): void {
    const found = [...this.#store.values()].filter((record) => {
      return "awaits" in record && record.packet.packetIdentifier === packetIdentifier;
    });
    same(
      found.map((record) => "awaits" in record && record.awaits),
      [awaits],
    );
  }

  #answer(which: number, isRefused: boolean): void {
    const [packet] = this.#owed.splice(which % Math.max(this.#owed.length, 1), 1);
    if (packet === undefined) return;
    const { packetIdentifier = 0 } = packet;
    const reasonCode = isRefused ? 0x87 : 0;
    if (packet.type === "subscribe") {
      const reasonCodes = packet.subscriptions.map((_, index) => (isRefused && index === 0 ? 0x80 : 1));
      this.#driver.receive({ type: "suback", packetIdentifier, reasonCodes });
    } else if (packet.type === "unsubscribe") {
      this.#driver.receive({ type: "unsuback", packetIdentifier, reasonCodes: packet.topicFilters.map(() => 0) });
    } else if (packet.type === "pubrel") {
      this.#driver.receive(answer("pubcomp", packetIdentifier));
    } else if (packet.type === "publish") {
      this.#driver.receive({ type: packet.qos === 1 ? "puback" : "pubrec", packetIdentifier, reasonCode });
    }
  }

  /** The connection is lost, with what was on its way; the server has the Session or not. */
  #connect(sessionPresent: boolean, receiveMaximum: number): void {
    this.#driver.lose().connect().sent();
    this.#owed.length = 0;
    this.#driver.receive({ type: "connack", sessionPresent, properties: { receiveMaximum, topicAliasMaximum: 2 } });
    if (!sessionPresent) this.#messages.clear();
    for (const [identifier, isReceived] of this.#messages) {
      if (!isReceived) this.#driver.message(identifier, { qos: 2, duplicate: true });
    }
  }

  #take(): void {
    for (const event of this.#driver.events()) {
      if (event.type === "message" && event.exchange !== undefined) {
        this.#incoming.push({ exchange: event.exchange, packet: event.packet });
      } else if (event.type === "ended") {
        same(event.error?.name, "TransportError");
      }
    }
  }

  #pick<T>(list: readonly T[], which: number): T | undefined {
    return list[which % Math.max(list.length, 1)];
  }
}

describe("what is written down", () => {
  test.each(["republish", "republish-qos1", "fail"] as const)(
    "is at any moment what the Session knows, and before what it covers is sent, with sessionLost %s",
    (sessionLost) => {
      check(
        fc.array(step, { maxLength: 80 }),
        (steps) => {
          const world = new World(sessionLost);
          for (const one of steps) world.do(one);
        },
        0.5,
      );
    },
  );

  test("is nothing where nobody writes it down", () => {
    const driver = new SessionDriver().connected();
    driver.publish("a");
    driver.message(1, { qos: 2 });
    expect(driver.session.records).toHaveLength(1);
    expect(driver.session.changes()).toStrictEqual([]);
  });

  test("says once of a message that it is new: when it is published, sent at once or not", () => {
    const driver = new SessionDriver({ maxInflight: 1, session: { isKept: true } }).connected();
    driver.publish("a", { qos: 2 });
    driver.publish("b");
    driver.publish("c", { qos: 0 });
    driver.sent();
    driver.receive(answer("pubrec", 1), answer("pubcomp", 1));
    driver.sent();
    const fresh = driver.session.changes().filter(({ isNew }) => isNew);
    expect(
      fresh.map(({ record }) => record !== undefined && "packet" in record && record.packet?.topicName),
    ).toStrictEqual(["a", "b", "c"]);
  });
});
