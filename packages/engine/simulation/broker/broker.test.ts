import { Decoder, encode, type ControlPacket, type ControlPacketInput, type ProtocolVersion } from "@rivulet/codec";
import { describe, expect, it } from "vitest";
import { Chance } from "../chance.ts";
import { Clock } from "../clock.ts";
import { describePacket } from "../replay/describe-packet.ts";
import { Broker } from "./broker.ts";
import type { BrokerObserver, Copy } from "./observer.ts";
import { generous, type BrokerSettings } from "./settings.ts";

/** One client's connection, packet by packet. */
class Client {
  isOpen = true;
  readonly #received: ControlPacket[] = [];
  readonly #version: ProtocolVersion;
  readonly #end: ReturnType<Broker["accept"]>;

  constructor(broker: Broker, version: ProtocolVersion) {
    this.#version = version;
    const decoder = new Decoder({ version });
    this.#end = broker.accept({
      send: (bytes) => this.#received.push(...decoder.push(bytes)),
      close: () => {
        this.isOpen = false;
      },
    });
  }

  /** Sends packets and returns what has come meanwhile, a line for each packet. */
  send(...packets: ControlPacketInput[]): string[] {
    for (const packet of packets) this.#end.receive(encode(packet, this.#version));
    return this.take();
  }

  take(): string[] {
    return this.#received.splice(0).map(describePacket);
  }

  drop(): void {
    this.#end.closed();
  }
}

/** A broker, its time, and what it says of its clients. */
class Bench {
  readonly violations: string[] = [];
  readonly situations: string[] = [];
  readonly completed: Copy[] = [];
  readonly broker: Broker;
  readonly #clock = new Clock(new Chance(1));

  constructor(settings: Partial<BrokerSettings> = {}) {
    const nothing = (): void => undefined;
    const observer: BrokerObserver = {
      ...{ connected: nothing, sessionOver: nothing, received: nothing, accepted: nothing, refused: nothing },
      ...{ routed: nothing, dropped: nothing, will: nothing },
      violation: (_client, clause) => this.violations.push(clause),
      completed: (_client, copy) => this.completed.push(copy),
      situation: (name) => this.situations.push(name),
    };
    this.broker = new Broker({ ...generous, ...settings }, observer, {
      now: () => this.#clock.now(),
      after: (delayMs, callback) => {
        const due = this.#clock.after(delayMs, callback);
        return () => {
          due.callback = undefined;
        };
      },
    });
  }

  /** A client that has connected, and the answer. */
  connect(
    clientIdentifier: string,
    { version = 5, ...more }: Partial<Extract<ControlPacketInput, { type: "connect" }>> & { version?: 4 | 5 } = {},
  ): Client & { connack: string[] } {
    const client = new Client(this.broker, version);
    const connack = client.send({ type: "connect", clientIdentifier, cleanStart: true, keepAlive: 0, ...more });
    return Object.assign(client, { connack });
  }

  async pass(ms: number): Promise<void> {
    await this.#clock.runUntil(this.#clock.now() + ms);
  }
}

const lasting = { cleanStart: false, properties: { sessionExpiryInterval: 300 } };

function message(packetIdentifier: number, more: object = {}): ControlPacketInput {
  return { type: "publish", topicName: "t", payload: new Uint8Array(0), qos: 2, packetIdentifier, ...more };
}

function subscribe(packetIdentifier: number, qos: 0 | 1 | 2 = 2): ControlPacketInput {
  return { type: "subscribe", packetIdentifier, subscriptions: [{ topicFilter: "t", qos }] };
}

describe("the model broker finds out a client that", () => {
  it.each<[string, string, readonly ControlPacketInput[], Partial<BrokerSettings>]>([
    ["uses an identifier that is in use", "MQTT-2.2.1-3", [message(1), message(1, { topicName: "u" })], {}],
    ["subscribes under one that is in use", "MQTT-2.2.1-3", [message(1), subscribe(1)], {}],
    ["exceeds its Receive Maximum", "MQTT-3.3.4-7", [message(1), message(2)], { receiveMaximum: 1 }],
    ["sends again on the same connection", "MQTT-4.4.0-1", [message(1), message(1, { duplicate: true })], {}],
    ["sends PUBREL without PUBREC", "MQTT-4.3.3-4", [{ type: "pubrel", packetIdentifier: 1 }], {}],
    [
      "sends PUBREL in another order than PUBREC came",
      "MQTT-4.6.0-4",
      [message(1), message(2), { type: "pubrel", packetIdentifier: 2 }],
      {},
    ],
    ["acknowledges what it has not got", "MQTT-4.3.2-4", [{ type: "puback", packetIdentifier: 1 }], {}],
    ["exceeds the Maximum QoS", "MQTT-3.2.2-11", [message(1)], { maximumQoS: 1 }],
    ["sends RETAIN where it may not", "MQTT-3.2.2-14", [message(1, { retain: true })], { retainAvailable: false }],
    [
      "uses an alias above the maximum",
      "MQTT-3.2.2-17",
      [message(1, { properties: { topicAlias: 2 } })],
      { topicAliasMaximum: 1 },
    ],
    [
      "uses an alias that stands for nothing",
      "MQTT-3.3.2-8",
      [message(1, { topicName: "", properties: { topicAlias: 1 } })],
      { topicAliasMaximum: 1 },
    ],
    ["sends something after DISCONNECT", "MQTT-3.14.4-1", [{ type: "disconnect" }, { type: "pingreq" }], {}],
  ])("%s: %s", (_, clause, packets, settings) => {
    const bench = new Bench(settings);
    bench.connect("c").send(...packets);
    expect(bench.violations).toContain(clause);
  });

  it("acknowledges in another order than messages came", () => {
    const bench = new Bench();
    const c = bench.connect("c");
    c.send(subscribe(1));
    c.send(message(2), message(3));
    c.send({ type: "pubrel", packetIdentifier: 2 }, { type: "pubrel", packetIdentifier: 3 });
    c.send({ type: "pubrec", packetIdentifier: 2 });
    expect([bench.violations, c.isOpen]).toEqual([["MQTT-4.6.0-3"], false]);
  });
});

describe("the model broker", () => {
  it("finds nothing wrong with a message that is sent again when its Session is resumed, and takes it once", () => {
    const bench = new Bench();
    const s = bench.connect("s");
    s.send(subscribe(1));
    const first = bench.connect("c", lasting);
    expect(first.send(message(7))).toEqual(["PUBREC #7 0x00"]);
    first.drop();
    const next = bench.connect("c", lasting);
    expect(next.connack).toEqual(["CONNACK session present 0x00"]);
    expect(next.send(message(7, { duplicate: true }), { type: "pubrel", packetIdentifier: 7 })).toEqual([
      "PUBREC #7 0x00",
      "PUBCOMP #7",
    ]);
    expect(s.take()).toEqual(['PUBLISH #1 t "" QoS 2']);
    expect(bench.violations).toEqual([]);
    expect(bench.situations).toContain("a QoS 2 message comes again before its PUBREL");
  });

  it("sends again in order what was under way, within the new Receive Maximum, and PUBREL for what had PUBREC", () => {
    const bench = new Bench();
    const first = bench.connect("s", lasting);
    first.send(subscribe(1));
    const p = bench.connect("p");
    for (const identifier of [1, 2, 3]) p.send(message(identifier), { type: "pubrel", packetIdentifier: identifier });
    first.send({ type: "pubrec", packetIdentifier: 1 });
    first.drop();
    const next = bench.connect("s", { ...lasting, properties: { ...lasting.properties, receiveMaximum: 1 } });
    expect(next.connack).toEqual(["CONNACK session present 0x00", "PUBREL #1 0x00", 'PUBLISH #2 t "" QoS 2 DUP']);
    expect(bench.situations).toContain("the client's Receive Maximum shrank at resume");
    next.send({ type: "pubcomp", packetIdentifier: 1 });
    expect(next.send({ type: "pubrec", packetIdentifier: 2 })).toEqual(["PUBREL #2 0x00"]);
    expect(next.send({ type: "pubcomp", packetIdentifier: 2 })).toEqual(['PUBLISH #3 t "" QoS 2 DUP']);
    expect(bench.completed).toHaveLength(2);
    expect(bench.violations).toEqual([]);
  });

  it("restarts with its Sessions or without", () => {
    for (const keepsSessions of [true, false]) {
      const bench = new Bench();
      const c = bench.connect("c", lasting);
      bench.broker.restart({ keepsSessions });
      expect(c.isOpen).toBe(false);
      const { connack } = bench.connect("c", lasting);
      expect(connack).toEqual([`CONNACK ${keepsSessions ? "session present" : "no session"} 0x00`]);
    }
  });

  it("knows which Session its client does not know of, because CONNACK was lost", () => {
    const seen: string[] = [];
    const bench = new Bench();
    bench.broker.observer.connected = (_client, session) => seen.push(session);
    bench.connect("c", lasting).drop();
    const told = bench.connect("c", lasting);
    told.drop();
    bench.connect("c", lasting).send({ type: "pingreq" });
    bench.connect("c", lasting);
    expect(seen).toEqual(["new", "unknown", "unknown", "unknown"]);
  });

  it("gives a client up that is silent for 1.5 times its Keep Alive, publishes its will, and ends its Session in time", async () => {
    const bench = new Bench();
    const s = bench.connect("s");
    s.send(subscribe(1, 0));
    const will = { topic: "t", payload: new Uint8Array(0), qos: 0, retain: false } as const;
    const c = bench.connect("c", { keepAlive: 2, will, cleanStart: false, properties: { sessionExpiryInterval: 5 } });
    await bench.pass(2900);
    expect(c.isOpen).toBe(true);
    await bench.pass(200);
    expect([c.isOpen, c.take(), s.take()]).toEqual([false, ["DISCONNECT 0x8d"], ['PUBLISH t "" QoS 0']]);
    await bench.pass(4000);
    expect(bench.broker.sessions).toHaveLength(2);
    await bench.pass(2000);
    expect(bench.broker.sessions).toHaveLength(1);
  });

  it("thinks before it answers, and answers in order", async () => {
    let thinkingMs = 30;
    const bench = new Bench({
      thinkingMs: () => {
        thinkingMs -= 10;
        return thinkingMs;
      },
    });
    const c = bench.connect("c");
    c.send(message(1, { qos: 1 }), message(2, { qos: 1 }), { type: "pingreq" });
    await bench.pass(100);
    expect(c.take()).toEqual(["CONNACK no session 0x00", "PUBACK #1 0x10", "PUBACK #2 0x10", "PINGRESP"]);
  });
});
