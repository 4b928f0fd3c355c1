import type {
  ConnectPacket,
  ControlPacketInput,
  ProtocolVersion,
  PublishPacket,
  TopicSubscriptionInput,
} from "@rivulet/codec";
import type { Act, Script } from "./script.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const connect = (clientIdentifier: string, more: Partial<ConnectPacket> = {}): ControlPacketInput => ({
  ...{ type: "connect", clientIdentifier, cleanStart: true, keepAlive: 60, ...more },
});

const publish = (topicName: string, text: string, more: Partial<PublishPacket> = {}): ControlPacketInput => ({
  ...{ type: "publish", topicName, payload: bytes(text), ...more },
});

const subscribe = (packetIdentifier: number, ...filters: (string | TopicSubscriptionInput)[]): ControlPacketInput => ({
  type: "subscribe",
  packetIdentifier,
  subscriptions: filters.map((filter) => (typeof filter === "string" ? { topicFilter: filter, qos: 2 } : filter)),
});

const ack = (type: "puback" | "pubrec" | "pubrel" | "pubcomp", packetIdentifier: number): ControlPacketInput => ({
  type,
  packetIdentifier,
});

const by = (client: string, ...send: ControlPacketInput[]): Act => ({ client, send });
const drop = (client: string): Act => ({ client, drop: true });
const leave: ControlPacketInput = { type: "disconnect" };

/** A session that outlives its connection. */
const lasting = (version: ProtocolVersion): Partial<ConnectPacket> =>
  version === 5 ? { cleanStart: false, properties: { sessionExpiryInterval: 300 } } : { cleanStart: false };

/** Sends a QoS 2 message twice. */
const again: readonly Act[] = [
  by("s", connect("s"), subscribe(1, "t")),
  by("p", connect("p")),
  by("p", publish("t", "two", { qos: 2, packetIdentifier: 7 })),
  by("p", publish("t", "two", { qos: 2, packetIdentifier: 7, duplicate: true })),
  by("p", ack("pubrel", 7)),
];

/** What both versions have. Client Identifiers are made the script's own by whoever plays it. */
const common: readonly (Omit<Script, "version" | "acts"> & { acts: (version: ProtocolVersion) => readonly Act[] })[] = [
  { name: "connecting and leaving", acts: () => [by("a", connect("a")), by("a", leave)] },
  {
    name: "QoS 0, 1 and 2 to a subscriber",
    acts: () => [
      by("s", connect("s"), subscribe(1, "t/#")),
      by("p", connect("p")),
      by("p", publish("t/0", "zero")),
      by("p", publish("t/1", "one", { qos: 1, packetIdentifier: 1 })),
      by("s", ack("puback", 1)),
      by("p", publish("t/2", "two", { qos: 2, packetIdentifier: 2 })),
      by("p", ack("pubrel", 2)),
      by("s", ack("pubrec", 2)),
      by("s", ack("pubcomp", 2)),
    ],
  },
  {
    name: "a granted QoS below the published one",
    acts: () => [
      by("s", connect("s"), subscribe(1, { topicFilter: "t/0", qos: 0 }, { topicFilter: "t/1", qos: 1 })),
      by("p", connect("p")),
      by("p", publish("t/0", "zero", { qos: 1, packetIdentifier: 1 })),
      by("p", publish("t/1", "one", { qos: 2, packetIdentifier: 2 }), ack("pubrel", 2)),
    ],
  },
  {
    name: "QoS 2 resumed by its sender after PUBREC",
    acts: (version) => [
      by("s", connect("s"), subscribe(1, "t")),
      by("p", connect("p", lasting(version))),
      by("p", publish("t", "two", { qos: 2, packetIdentifier: 7 })),
      drop("p"),
      by("p", connect("p", lasting(version))),
      by("p", ack("pubrel", 7)),
      by("s", ack("pubrec", 1)),
      by("s", ack("pubcomp", 1)),
    ],
  },
  {
    name: "QoS 2 resumed by its sender before PUBREC",
    acts: (version) => [
      by("s", connect("s"), subscribe(1, "t")),
      by("p", connect("p", lasting(version))),
      by("p", publish("t", "two", { qos: 2, packetIdentifier: 7 })),
      drop("p"),
      by("p", connect("p", lasting(version))),
      by("p", publish("t", "two", { qos: 2, packetIdentifier: 7, duplicate: true })),
      by("p", ack("pubrel", 7)),
    ],
  },
  {
    name: "messages in flight to a receiver that comes back",
    acts: (version) => [
      by("s", connect("s", lasting(version)), subscribe(1, "t")),
      by("p", connect("p")),
      by("p", publish("t", "one", { qos: 1, packetIdentifier: 1 })),
      by("p", publish("t", "two", { qos: 2, packetIdentifier: 2 }), ack("pubrel", 2)),
      by("p", publish("t", "three", { qos: 2, packetIdentifier: 3 }), ack("pubrel", 3)),
      by("s", ack("pubrec", 2)),
      drop("s"),
      by("s", connect("s", lasting(version))),
      by("s", ack("puback", 1)),
      by("s", ack("pubcomp", 2)),
      by("s", ack("pubrec", 3)),
      by("s", ack("pubcomp", 3)),
    ],
  },
  {
    name: "messages that waited for a receiver",
    acts: (version) => [
      by("s", connect("s", lasting(version)), subscribe(1, "t")),
      by("s", leave),
      by("p", connect("p")),
      by("p", publish("t", "zero")),
      by("p", publish("t", "one", { qos: 1, packetIdentifier: 1 })),
      by("p", publish("t", "two", { qos: 2, packetIdentifier: 2 }), ack("pubrel", 2)),
      by("s", connect("s", lasting(version))),
      by("s", ack("puback", 1)),
      by("s", ack("pubrec", 2)),
      by("s", ack("pubcomp", 2)),
    ],
  },
  {
    name: "a clean start forgets",
    acts: (version) => [
      by("s", connect("s", lasting(version)), subscribe(1, "t")),
      by("s", leave),
      by("s", connect("s")),
      by("p", connect("p")),
      by("p", publish("t", "one", { qos: 1, packetIdentifier: 1 })),
    ],
  },
  {
    name: "retained messages",
    acts: () => [
      by("p", connect("p")),
      by("p", publish("r/1", "one", { qos: 1, packetIdentifier: 1, retain: true })),
      by("p", publish("r/2", "two", { retain: true })),
      by("s", connect("s"), subscribe(1, "r/1")),
      by("p", publish("r/1", "live", { retain: true })),
      by("p", publish("r/1", "", { retain: true })),
      by("u", connect("u"), subscribe(1, "r/+")),
      by("p", publish("r/2", "", { retain: true })),
    ],
  },
  {
    name: "unsubscribing",
    acts: () => [
      by("s", connect("s"), subscribe(1, "t/1", "t/2")),
      by("s", { type: "unsubscribe", packetIdentifier: 2, topicFilters: ["t/1", "t/3"] }),
      by("p", connect("p")),
      by("p", publish("t/1", "one")),
      by("p", publish("t/2", "two")),
    ],
  },
  {
    name: "wildcards",
    acts: () => [
      by("s", connect("s"), subscribe(1, "a/+/c", "b/#")),
      by("p", connect("p")),
      ...["a/b/c", "a/c", "a//c", "b", "b/c/d", "$b/c"].map((topic) => by("p", publish(topic, topic))),
    ],
  },
  {
    name: "a subscription that replaces another",
    acts: () => [
      by("s", connect("s"), subscribe(1, { topicFilter: "t", qos: 2 })),
      by("s", subscribe(2, { topicFilter: "t", qos: 0 })),
      by("p", connect("p")),
      by("p", publish("t", "one", { qos: 1, packetIdentifier: 1 })),
    ],
  },
  {
    name: "a will",
    acts: () => [
      by("s", connect("s"), subscribe(1, "w")),
      by("a", connect("a", { will: { topic: "w", payload: bytes("gone"), qos: 1, retain: false } })),
      drop("a"),
      by("b", connect("b", { will: { topic: "w", payload: bytes("gone"), qos: 1, retain: false } })),
      by("b", leave),
    ],
  },
  {
    name: "a session that is taken over",
    acts: (version) => [
      by("a", connect("x", lasting(version)), subscribe(1, "t")),
      by("b", connect("x", lasting(version))),
      by("b", publish("t", "to oneself", { qos: 1, packetIdentifier: 1 })),
    ],
  },
  {
    name: "a client without an identifier",
    acts: () => [by("a", connect("")), by("a", subscribe(1, "t"), publish("t", "to oneself"))],
  },
  {
    name: "a second CONNECT",
    violations: ["MQTT-3.1.0-2"],
    acts: () => [by("a", connect("a")), by("a", connect("a"))],
  },
  {
    name: "PUBREL out of nowhere",
    violations: ["MQTT-4.3.3-4"],
    acts: () => [by("a", connect("a")), by("a", ack("pubrel", 9))],
  },
];

/** What only MQTT 5.0 has. */
const version5: readonly Omit<Script, "version">[] = [
  {
    name: "QoS 2 sent again on the same connection",
    violations: ["MQTT-4.4.0-1"],
    acts: again,
  },
  {
    name: "subscription identifiers",
    acts: [
      by("s", connect("s"), {
        ...subscribe(1, "t/1"),
        properties: { subscriptionIdentifier: 5 },
      } as ControlPacketInput),
      by("p", connect("p")),
      by("p", publish("t/1", "one")),
    ],
  },
  {
    name: "no local, retain as published, retain handling",
    acts: [
      by("p", connect("p")),
      ...["r/0", "r/1", "r/2"].map((topic) => by("p", publish(topic, "old", { retain: true }))),
      by("s", connect("s")),
      by("s", subscribe(1, { topicFilter: "r/0", retainHandling: 0, retainAsPublished: true })),
      by("s", subscribe(2, { topicFilter: "r/1", retainHandling: 1, noLocal: true })),
      by("s", subscribe(3, { topicFilter: "r/1", retainHandling: 1, noLocal: true })),
      by("s", subscribe(4, { topicFilter: "r/2", retainHandling: 2 })),
      ...["r/0", "r/1", "r/2"].map((topic) => by("p", publish(topic, "new", { retain: true }))),
      ...["r/0", "r/1", "r/2"].map((topic) => by("s", publish(topic, "own"))),
    ],
  },
  {
    name: "aliases of a client",
    violations: ["MQTT-3.2.2-17"],
    acts: [
      by("s", connect("s"), subscribe(1, "t/#")),
      by("p", connect("p")),
      by("p", publish("t/1", "one", { properties: { topicAlias: 1 } })),
      by("p", publish("", "one again", { properties: { topicAlias: 1 } })),
      by("p", publish("t/2", "two", { properties: { topicAlias: 1 } })),
      by("p", publish("", "two again", { properties: { topicAlias: 1 } })),
      by("p", publish("t/3", "three", { properties: { topicAlias: 11 } })),
    ],
  },
  {
    name: "an alias that stands for nothing",
    violations: ["MQTT-3.3.2-8"],
    acts: [by("p", connect("p")), by("p", publish("", "what", { properties: { topicAlias: 3 } }))],
  },
  {
    name: "a Receive Maximum of 1",
    acts: [
      by("s", connect("s", { properties: { receiveMaximum: 1 } }), subscribe(1, "t")),
      by("p", connect("p")),
      ...[1, 2, 3].map((id) => by("p", publish("t", `${id}`, { qos: 1, packetIdentifier: id }))),
      by("s", ack("puback", 1)),
      by("s", ack("puback", 2)),
    ],
  },
  {
    name: "a Maximum Packet Size",
    acts: [
      by("s", connect("s", { properties: { maximumPacketSize: 40 } }), subscribe(1, "t")),
      by("p", connect("p")),
      by("p", publish("t", "x".repeat(60), { qos: 1, packetIdentifier: 1 })),
      by("p", publish("t", "short", { qos: 1, packetIdentifier: 2 })),
    ],
  },
  {
    name: "properties that travel",
    acts: [
      by("s", connect("s"), subscribe(1, "t")),
      by("p", connect("p")),
      by(
        "p",
        publish("t", "all", {
          properties: {
            ...{ payloadFormatIndicator: 1, contentType: "text/plain", responseTopic: "answer" },
            ...{
              correlationData: bytes("c"),
              userProperties: [
                ["a", "1"],
                ["a", "2"],
              ] as [string, string][],
            },
          },
        }),
      ),
    ],
  },
  {
    name: "a PUBREC that refuses",
    acts: [
      by("s", connect("s"), subscribe(1, "t")),
      by("p", connect("p")),
      by("p", publish("t", "two", { qos: 2, packetIdentifier: 1 }), ack("pubrel", 1)),
      by("s", { type: "pubrec", packetIdentifier: 1, reasonCode: 0x80 }),
    ],
  },
  {
    name: "a will in spite of DISCONNECT",
    acts: [
      by("s", connect("s"), subscribe(1, "w")),
      by("a", connect("a", { will: { topic: "w", payload: bytes("gone"), qos: 0, retain: false } })),
      by("a", { type: "disconnect", reasonCode: 4 }),
    ],
  },
  {
    name: "a shared subscription",
    acts: [
      by("a", connect("a"), subscribe(1, "$share/g/t")),
      by("p", connect("p")),
      by("p", publish("t", "one")),
      by("p", publish("t", "two")),
    ],
  },
  {
    name: "an expiry that DISCONNECT may not set",
    violations: ["MQTT-3.14.2-2"],
    acts: [by("a", connect("a")), by("a", { type: "disconnect", properties: { sessionExpiryInterval: 5 } })],
  },
  {
    name: "a message and a session that expire",
    acts: [
      by("s", connect("s", { cleanStart: false, properties: { sessionExpiryInterval: 300 } }), subscribe(1, "t")),
      by("s", leave),
      by("p", connect("p")),
      by("p", publish("t", "short", { qos: 1, packetIdentifier: 1, properties: { messageExpiryInterval: 1 } })),
      by("p", publish("t", "long", { qos: 1, packetIdentifier: 2 })),
      { wait: 2200 },
      by("s", connect("s", { cleanStart: false, properties: { sessionExpiryInterval: 1 } })),
      by("s", ack("puback", 2)),
      drop("s"),
      { wait: 3200 },
      by("s", connect("s", { cleanStart: false })),
    ],
  },
  {
    name: "a will that waits",
    acts: [
      by("s", connect("s"), subscribe(1, "w")),
      by(
        "a",
        connect("a", {
          ...{ cleanStart: false, properties: { sessionExpiryInterval: 60 } },
          will: { topic: "w", payload: bytes("gone"), qos: 0, retain: false, properties: { willDelayInterval: 1 } },
        }),
      ),
      drop("a"),
      by("a", connect("a", { cleanStart: false, properties: { sessionExpiryInterval: 60 } })),
      { wait: 2200 },
    ],
  },
];

/** All of them. */
export const scripts: readonly Script[] = [
  ...([4, 5] as const).flatMap((version) =>
    common.map((script) => ({ ...named(script, version), acts: script.acts(version) })),
  ),
  { name: "QoS 2 sent again on the same connection (version 4)", version: 4, acts: again },
  ...version5.map((script) => ({ ...named(script, 5), acts: script.acts })),
];

function named<Of extends Omit<Script, "version" | "acts">>(
  { name, ...rest }: Of,
  version: ProtocolVersion,
): Omit<Of, "name"> & Pick<Script, "name" | "version"> {
  return { ...rest, name: `${name} (version ${version})`, version };
}
