import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, same } from "../../../codec/testing/property-test.ts";
import { ModelServer } from "../../testing/model-server.ts";
import { SessionDriver } from "../../testing/session-driver.ts";
import { ClosedError } from "../errors.ts";
import type { SessionEvent } from "./events.ts";
import type { Exchange, IncomingExchange } from "./exchanges.ts";

type Step =
  | { readonly name: "publish"; readonly qos: 0 | 1 | 2; readonly size: number }
  | { readonly name: "request"; readonly isSubscribe: boolean }
  | { readonly name: "answer"; readonly which: number; readonly isRefusal: boolean }
  | { readonly name: "message"; readonly qos: 0 | 1 | 2 }
  | { readonly name: "acknowledge"; readonly which: number; readonly isRefusal: boolean }
  | { readonly name: "cancel"; readonly which: number }
  | { readonly name: "wait"; readonly ms: number }
  | { readonly name: "release" | "transmit" | "stray" };

const qos = fc.constantFrom(0, 1, 2);
const which = fc.nat({ max: 20 });
const isRefusal = fc.boolean();

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ name: fc.constant("publish"), qos, size: fc.constantFrom(0, 10, 40_000) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant("request"), isSubscribe: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constant("answer"), which, isRefusal }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("message"), qos }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constant("acknowledge"), which, isRefusal }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant("cancel"), which }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constant("wait"), ms: fc.constantFrom(1, 10_000) }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constantFrom("release", "transmit", "stray") }) },
);

/** An application and a server at the two ends of a Session, which do what they are told. */
class World {
  readonly driver: SessionDriver;
  readonly server: ModelServer;
  /** How often each command has settled. */
  readonly settled = new Map<string, number>();
  readonly #version: 3 | 4 | 5;
  /** The topics in the order in which they were published, without those that were cancelled in time. */
  readonly #published: string[] = [];
  readonly #open = new Map<string, Exchange<string>>();
  readonly #messages: IncomingExchange[] = [];
  readonly #acknowledged: IncomingExchange[] = [];
  #count = 0;

  constructor(version: 3 | 4 | 5, receiveMaximum: number) {
    this.#version = version;
    this.server = new ModelServer(version, receiveMaximum);
    this.driver = new SessionDriver({ version, maxInflight: receiveMaximum }).connected();
  }

  do(step: Step): void {
    const { driver, server } = this;
    switch (step.name) {
      case "publish":
        this.#publish(step.qos, step.size);
        break;
      case "request": {
        const context = this.#newContext();
        const command = step.isSubscribe ? "subscribe" : "unsubscribe";
        this.#open.set(context, driver[command](context, ["a"], 20_000));
        break;
      }
      case "answer": {
        const { owed } = server;
        const packetIdentifier = owed[step.which % Math.max(owed.length, 1)] ?? 0;
        const answer = server.answer(packetIdentifier, step.isRefusal && this.#version === 5);
        if (answer !== undefined) driver.receive(answer);
        break;
      }
      case "message":
        driver.receive(server.message(step.qos));
        break;
      case "acknowledge": {
        const [exchange] = this.#messages.splice(step.which % Math.max(this.#messages.length, 1), 1);
        const reasonCode = step.isRefusal && this.#version === 5 ? 0x80 : 0;
        if (exchange === undefined) break;
        driver.session.acknowledge(exchange, { reasonCode });
        this.#acknowledged.push(exchange);
        break;
      }
      case "cancel":
        this.#cancel(step.which);
        break;
      case "wait":
        driver.wait(step.ms);
        if (driver.session.isAwaitingServer) driver.receive({ type: "pingresp" });
        break;
      case "release": {
        const pubrel = server.release();
        if (pubrel !== undefined) driver.receive(pubrel);
        break;
      }
      case "stray":
        driver.receive({ type: "puback", packetIdentifier: 60_000 });
        break;
      case "transmit":
        break;
    }
    if (step.name === "transmit") this.transmit();
    this.#drain();
  }

  /** One batch leaves, and the server judges it. */
  transmit(): void {
    const batch = this.driver.sent();
    this.#drain();
    for (const packet of batch) {
      this.server.take(packet);
      if (packet.type === "publish") same(packet.topicName, this.#published[this.server.topics.length - 1]);
    }
  }

  /** Checks that everything has settled, once, but what was cancelled. */
  end(isConnectionLost: boolean): void {
    const { session } = this.driver;
    if (isConnectionLost) session.transportClosed(undefined);
    session.abandon(new ClosedError());
    this.#drain();
    same([...this.#open.keys()], []);
    same(this.settled.size, this.#count);
    same(
      [...this.settled.values()].filter((times) => times !== 1),
      [],
    );
    session.transmit(this.driver.now);
    same(session.bufferedBytes, 0);
    // Of those that the server owed, all are forgotten; a PINGREQ may still be out.
    if (!isConnectionLost) this.driver.receive({ type: "pingresp" });
    same(session.isAwaitingServer, false);
  }

  #publish(qos: 0 | 1 | 2, size: number): void {
    const context = this.#newContext();
    this.#published.push(context);
    const exchange = this.driver.publish(context, { qos, payload: new Uint8Array(size) });
    if (exchange === undefined) this.#settle(context);
    else this.#open.set(context, exchange);
  }

  #cancel(which: number): void {
    const contexts = [...this.#open.keys()];
    const context = contexts[which % Math.max(contexts.length, 1)];
    const exchange = context === undefined ? undefined : this.#open.get(context);
    if (context === undefined || exchange === undefined) return;
    const wasSent = exchange.awaits !== undefined;
    this.driver.session.cancel(exchange);
    this.#settle(context);
    if (!wasSent) this.#published.splice(this.#published.indexOf(context), 1);
  }

  #newContext(): string {
    this.#count += 1;
    return `t/${this.#count}`;
  }

  #settle(context: string): void {
    this.settled.set(context, (this.settled.get(context) ?? 0) + 1);
    this.#open.delete(context);
  }

  #drain(): void {
    for (const event of this.driver.events()) this.#handle(event);
  }

  #handle(event: SessionEvent<string>): void {
    switch (event.type) {
      case "failed":
        if (event.context !== undefined) this.#settle(event.context);
        break;
      case "answered":
      case "batched":
        this.#settle(event.context);
        break;
      case "message":
        if (event.exchange !== undefined) this.#messages.push(event.exchange);
        break;
      case "acknowledged":
        if (event.exchange.acknowledgement === undefined)
          throw new Error("Acknowledged before the application was done");
        break;
      case "ended":
        // The transport was closed: the server has done nothing wrong.
        same(event.error?.name, "TransportError");
        break;
      case "log":
        break;
      default:
        throw new Error(`There was an event ${event.type}`);
    }
  }
}

describe("Session", () => {
  test.each([5, 4, 3] as const)(
    "keeps quota, identifiers and order, and settles each command once, version %i",
    (version) => {
      const worlds = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 120 }), fc.boolean());
      check(
        worlds,
        ([receiveMaximum, steps, isConnectionLost]) => {
          const world = new World(version, receiveMaximum);
          for (const one of steps) world.do(one);
          same(world.driver.session.state, "connected");
          world.end(isConnectionLost);
        },
        0.25,
      );
    },
  );

  test("answered to the end, everything leaves and nothing remains", () => {
    check(
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 120 })),
      ([receiveMaximum, steps]) => {
        const world = new World(5, receiveMaximum);
        for (const one of steps) world.do(one);
        const { driver, server } = world;
        for (let round = 0; driver.session.bufferedBytes > 0 || server.owed.length > 0; round++) {
          if (round > 1_000) throw new Error("It comes to no end");
          world.do({ name: "transmit" });
          world.do({ name: "answer", which: 0, isRefusal: false });
        }
        driver.receive({ type: "pingresp" });
        same(driver.session.isAwaitingServer, false);
        same(
          [...world.settled.values()].filter((times) => times !== 1),
          [],
        );
        expect(driver.session.state).toBe("connected");
        expect(driver.session.isReadyToSend).toBe(true);
      },
      0.25,
    );
  });
});
