import type { PublishPacket } from "@rivulet/codec";

import { bytesOf, equal, event, ok, throwsCode, until, type Stage, type SurfaceCheck } from "../../check.ts";
import { join, type Joined } from "../joining.ts";
import { bareMessage, bothForms, fullMessage, plainFields, propertyFields, statesOf, statesSeen } from "./fields.ts";

/** Somebody to whom the server has sent a message at QoS 2, and who has acknowledged it so far. */
async function receiver(stage: Stage, version: number, packet: PublishPacket): Promise<Joined> {
  const joined = await join(stage, {
    version,
    prepare: (mqtt) => {
      if (version === 1) mqtt.config("ClientTopicAliasMax=10");
    },
  });
  await joined.peer.send({ ...packet, qos: 2 });
  await joined.peer.next("pubrec");
  return joined;
}

function withoutProperties({ properties: _, ...packet }: PublishPacket): PublishPacket {
  return packet;
}

const fieldChecks: readonly SurfaceCheck[] = [...plainFields, ...propertyFields]
  .filter(({ row }) => row !== "qo_s")
  .map((each) => ({
    rows: [`property incoming_message_${each.row}`],
    title: `incomingMessage${each.method}: what the server's PUBLISH has, while its exchange is under way`,
    run: async (stage) => {
      const isPlain = plainFields.includes(each);
      const full = await receiver(stage, 1, fullMessage);
      equal(bothForms(full.mqtt, "incoming", each), [each.value, each.value], "In MQTT 5.0");
      const bare = await receiver(stage, 1, bareMessage);
      equal(bothForms(bare.mqtt, "incoming", each), [each.none, each.none], "Without it");
      const old = await receiver(stage, 0, withoutProperties(fullMessage));
      const value = isPlain ? each.value : each.none;
      equal(bothForms(old.mqtt, "incoming", each), [value, value], "In MQTT 3.1.1");
      const { length } = old.mqtt.incomingMessages;
      await throwsCode(10022, () => old.mqtt[`incomingMessage${each.method}`](length));
      await throwsCode(10022, () => old.mqtt[`incomingMessage${each.method}`](-1));
    },
  }));

const countCheck: SurfaceCheck = {
  rows: ["property incoming_message_count", "property incoming_message_packet_id"],
  title: "incomingMessageCount and incomingMessagePacketId follow what the server has under way",
  run: async (stage) => {
    const { mqtt, peer } = await join(stage);
    const ids = (): unknown[] => mqtt.incomingMessages.map((_, at) => bothForms(mqtt, "incoming", packetId, at));
    const packetId = { method: "PacketId", field: "packetId" } as const;
    equal(mqtt.incomingMessageCount, 0, "The count at first");
    for (const packetIdentifier of [9, 3, 65_535]) {
      await peer.send({ ...bareMessage, qos: 2, packetIdentifier });
      equal((await peer.next("pubrec")).packetIdentifier, packetIdentifier, "The Packet Identifier of PUBREC");
    }
    equal(mqtt.incomingMessageCount, 3, "The count of those under way");
    // prettier-ignore
    equal(ids(), [[9, 9], [3, 3], [65_535, 65_535]], "Packet Identifiers, the oldest first");
    await peer.send({ type: "pubrel", packetIdentifier: 3 });
    await peer.next("pubcomp");
    equal(mqtt.incomingMessageCount, 2, "The count after one is over");
    // prettier-ignore
    equal(ids(), [[9, 9], [65_535, 65_535]], "Packet Identifiers of those left");
    // What has no exchange is not listed.
    const came = event(mqtt, "messageIn");
    let atQos0: number | undefined;
    mqtt.onMessageIn = () => {
      atQos0 = mqtt.incomingMessageCount;
    };
    await peer.send({ type: "publish", topicName: "surface/plain", payload: bytesOf("0") });
    equal((await came).packetId, -1, "The Packet Identifier at QoS 0");
    equal(atQos0, 2, "The count when one came at QoS 0");
  },
};

const qosCheck: SurfaceCheck = {
  rows: ["property incoming_message_qo_s"],
  title: "incomingMessageQoS: 1 for a message that ends with PUBACK, 2 for one that ends with PUBCOMP",
  run: async (stage) => {
    const { mqtt, peer } = await join(stage);
    const seen: unknown[] = [];
    mqtt.onMessageAck = ({ index }) => {
      seen.push(bothForms(mqtt, "incoming", { method: "QoS", field: "qos" }, index));
    };
    await peer.send({ ...bareMessage, qos: 1, packetIdentifier: 1 });
    await peer.next("puback");
    await peer.send({ ...bareMessage, qos: 2, packetIdentifier: 2 });
    await peer.next("pubrec");
    await peer.send({ type: "pubrel", packetIdentifier: 2 });
    await peer.next("pubcomp");
    await until(() => seen.length === 2);
    // prettier-ignore
    equal(seen, [[1, 1], [2, 2]], "QoS by method and by field");
  },
};

const stateChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property incoming_message_state", "event on_message_ack"],
    title: "incomingMessageState at QoS 1: 5 until PUBACK leaves, then 9 in onMessageAck",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const seen = statesSeen(mqtt, "incoming");
      const acknowledged = event(mqtt, "messageAck");
      let atAck: unknown;
      mqtt.onMessageAck = ({ index }) => {
        atAck = bothForms(mqtt, "incoming", { method: "State", field: "state" }, index);
      };
      await peer.send({ ...bareMessage, qos: 1, packetIdentifier: 12 });
      equal((await peer.next("puback")).packetIdentifier, 12, "The Packet Identifier of PUBACK");
      const { packetId, direction, index, responseCode } = await acknowledged;
      equal([packetId, direction, index, responseCode], [12, 1, 0, 0], "onMessageAck");
      equal(atAck, [9, 9], "The state in onMessageAck");
      equal(seen, [5, 9], "The states that there were");
      equal(mqtt.incomingMessageCount, 0, "What is left");
    },
  },
  {
    rows: ["property incoming_message_state"],
    title: "incomingMessageState at QoS 2: 6, 7 while the server withholds PUBREL, 8, and 9 in onMessageAck",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1 });
      const seen = statesSeen(mqtt, "incoming");
      const acknowledged = event(mqtt, "messageAck");
      await peer.send({ ...bareMessage, qos: 2, packetIdentifier: 13 });
      await peer.next("pubrec");
      equal(bothForms(mqtt, "incoming", { method: "State", field: "state" }), [7, 7], "The state after PUBREC");
      await peer.send({ type: "pubrel", packetIdentifier: 13 });
      await peer.next("pubcomp");
      equal((await acknowledged).packetId, 13, "The Packet Identifier in onMessageAck");
      equal(seen, [6, 7, 8, 9], "The states that there were");
      equal(statesOf(mqtt, "incoming"), [], "What is left");
    },
  },
];

const orderChecks: readonly SurfaceCheck[] = ([1, 2] as const).map((qos) => ({
  rows: ["event on_message_ack", "event on_message_in"],
  title: `A message at QoS ${qos}: acknowledged, then onMessageAck while it is listed, then onMessageIn when it is not`,
  run: async (stage) => {
    const { mqtt, peer } = await join(stage);
    const order: unknown[] = [];
    const over = event(mqtt, "messageIn");
    // What is published in there shows the server which came first.
    const marked: Promise<void>[] = [];
    mqtt.onMessageAck = ({ index, direction }) => {
      if (direction === 1) order.push(["acknowledged", mqtt.incomingMessageCount, mqtt.incomingMessagePacketId(index)]);
      marked.push(mqtt.publishMessage("surface/marker", 0, "acknowledged"));
    };
    mqtt.onMessageIn = ({ packetId }) => {
      order.push(["in", mqtt.incomingMessageCount, packetId]);
    };
    await peer.send({ ...bareMessage, qos, packetIdentifier: 21 });
    if (qos === 2) {
      await peer.next("pubrec");
      equal(order, [], "The events before PUBREL");
      await peer.send({ type: "pubrel", packetIdentifier: 21 });
    }
    const first = await peer.next();
    const second = await peer.next();
    equal([first.type, second.type], [qos === 1 ? "puback" : "pubcomp", "publish"], "What the server got");
    await over;
    await Promise.all(marked);
    // prettier-ignore
    equal(order, [["acknowledged", 1, 21], ["in", 0, 21]], "The events, with the count and the Packet Identifier");
  },
}));

const eventCheck: SurfaceCheck = {
  rows: ["event on_message_in"],
  title: "onMessageIn has the topic, the QoS, the payload and the flags of the server's PUBLISH; packetId -1 at QoS 0",
  run: async (stage) => {
    const { mqtt, peer } = await join(stage);
    const came = event(mqtt, "messageIn", 3);
    const plain = withoutProperties(fullMessage);
    const { packetIdentifier: _, ...atQos0 } = plain;
    await peer.send({ ...atQos0, qos: 0, duplicate: false }, { ...plain, qos: 1 });
    await peer.next("puback");
    await peer.send(plain);
    await peer.next("pubrec");
    await peer.send({ type: "pubrel", packetIdentifier: 77 });
    const common = { topic: plain.topicName, message: plain.payload, retained: true };
    equal(await came, [
      { ...common, packetId: -1, qos: 0, duplicate: false },
      { ...common, packetId: 77, qos: 1, duplicate: true },
      { ...common, packetId: 77, qos: 2, duplicate: true },
    ]);
  },
};

const identifierChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property incoming_message_subscription_identifiers", "config MQTT/SubscriptionIdentifier"],
    title: "incomingMessageSubscriptionIdentifiers lists those that were set, which came back in PUBLISH",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, peer: { answers: ["subscribe"] } });
      for (const [identifier, filter] of [
        ["123", "surface/both"],
        ["321", "surface/+"],
      ] as const) {
        mqtt.config(`SubscriptionIdentifier=${identifier}`);
        await mqtt.subscribe(filter, 2);
        const { properties } = await peer.next("subscribe");
        equal(properties?.subscriptionIdentifier, Number(identifier), "The identifier in SUBSCRIBE");
      }
      const properties = { subscriptionIdentifiers: [123, 321] };
      await peer.send({ ...bareMessage, qos: 2, topicName: "surface/both", properties });
      await peer.next("pubrec");
      const text = { method: "SubscriptionIdentifiers", field: "subscriptionIdentifiers" } as const;
      equal(bothForms(mqtt, "incoming", text), ["123,321", "123,321"], "The identifiers");
      await peer.send({ ...bareMessage, qos: 2, topicName: "surface/both", packetIdentifier: 79 });
      await peer.next("pubrec");
      equal(bothForms(mqtt, "incoming", text, 1), ["", ""], "The identifiers of a message that has none");
    },
  },
  {
    rows: ["property incoming_message_subscription_identifiers", "method subscribe"],
    title: "Without SubscriptionIdentifier no SUBSCRIBE has one, and the message still comes",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, peer: { answers: ["subscribe"] } });
      await mqtt.subscribe("surface/+", 1);
      const { properties } = await peer.next("subscribe");
      ok(properties?.subscriptionIdentifier === undefined, "SUBSCRIBE has an identifier");
      const ids: string[] = [];
      mqtt.onMessageAck = ({ index }) => ids.push(mqtt.incomingMessageSubscriptionIdentifiers(index));
      const came = event(mqtt, "messageIn");
      await peer.send({ ...bareMessage, qos: 1 });
      equal((await came).topic, bareMessage.topicName, "The topic");
      equal(ids, [""], "Its identifiers");
    },
  },
];

const aliasCheck: SurfaceCheck = {
  rows: ["property incoming_message_topic_alias", "property incoming_message_topic", "config MQTT/ClientTopicAliasMax"],
  title: "A PUBLISH with an alias in place of its topic is listed with both",
  run: async (stage) => {
    const { mqtt, peer, connect } = await join(stage, {
      version: 1,
      prepare: (one) => one.config("ClientTopicAliasMax=10"),
    });
    equal(connect.properties?.topicAliasMaximum, 10, "The maximum in CONNECT");
    const properties = { topicAlias: 6 };
    await peer.send({ ...bareMessage, qos: 2, properties });
    await peer.next("pubrec");
    await peer.send({ ...bareMessage, qos: 2, topicName: "", packetIdentifier: 79, properties });
    await peer.next("pubrec");
    const listed = mqtt.incomingMessages.map(({ topic, topicAlias }) => [topic, topicAlias]);
    // prettier-ignore
    equal(listed, [["surface/nothing", 6], ["surface/nothing", 6]], "Topics and aliases");
  },
};

const repeatedCheck: SurfaceCheck = {
  rows: ["property incoming_message_duplicate", "event on_message_in"],
  title: "A message at QoS 2 that the server sends twice is listed once and comes once",
  run: async (stage) => {
    const { mqtt, peer } = await join(stage);
    const came = event(mqtt, "messageIn", 2);
    await peer.send({ ...bareMessage, qos: 2 });
    await peer.next("pubrec");
    await peer.send({ ...bareMessage, qos: 2, duplicate: true });
    await peer.next("pubrec");
    equal(mqtt.incomingMessageCount, 1, "How many are listed");
    await peer.send({ type: "pubrel", packetIdentifier: 78 });
    await peer.next("pubcomp");
    await peer.send({ type: "publish", topicName: "surface/last", payload: bytesOf("") });
    const topics = (await came).map(({ topic }) => topic);
    equal(topics, ["surface/nothing", "surface/last"], "What came");
  },
};

export const incomingChecks: readonly SurfaceCheck[] = [
  ...fieldChecks,
  countCheck,
  qosCheck,
  ...stateChecks,
  ...orderChecks,
  eventCheck,
  ...identifierChecks,
  aliasCheck,
  repeatedCheck,
];
