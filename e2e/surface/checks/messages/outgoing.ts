import type { MQTT } from "@rivulet/component";

import { bytesOf, equal, event, ok, throwsCode, until, type Stage, type SurfaceCheck } from "../../check.ts";
import type { PeerOptions } from "../../lab-calls.ts";
import { allButConnect, join, type Joined } from "../joining.ts";
import { bareMessage, bothForms, fullMessage, plainFields, propertyFields, statesOf, statesSeen } from "./fields.ts";

const properties = {
  ContentType: "text/x-surface",
  CorrelationData: "0aff005b",
  MessageExpInterval: "4242",
  PayloadFormatIndicator: "1",
  ResponseTopic: "surface/answers",
  TopicAlias: "6",
};

/** Somebody who is connected to a server that acknowledges nothing by itself. */
function publisher(stage: Stage, version: number, peer?: PeerOptions): Promise<Joined> {
  return join(stage, {
    version,
    ...(peer && { peer }),
    ...(version === 1 && { connack: { properties: { topicAliasMaximum: 10 } } }),
  });
}

async function publishFull(mqtt: MQTT): Promise<void> {
  mqtt.config("Duplicate=True");
  mqtt.config("Retain=True");
  await mqtt.publishData(fullMessage.topicName, 2, fullMessage.payload);
}

const fieldChecks: readonly SurfaceCheck[] = [...plainFields, ...propertyFields].map((each) => ({
  rows: [`property outgoing_message_${each.row}`],
  title: `outgoingMessage${each.method}: what the server got in PUBLISH, while its exchange is under way`,
  run: async (stage) => {
    const full = await publisher(stage, 1);
    full.mqtt.config(`OutgoingMessageProperties=${JSON.stringify(properties)}`);
    await publishFull(full.mqtt);
    equal(each.ofPacket(await full.peer.next("publish")), each.ofPacket(fullMessage), "In PUBLISH");
    equal(bothForms(full.mqtt, "outgoing", each), [each.value, each.value], "In MQTT 5.0");

    const bare = await publisher(stage, 1);
    await bare.mqtt.publishData(bareMessage.topicName, 1, bareMessage.payload);
    equal(each.ofPacket(await bare.peer.next("publish")), each.ofPacket(bareMessage), "In PUBLISH without it");
    equal(bothForms(bare.mqtt, "outgoing", each), [each.none, each.none], "Without it");

    const old = await publisher(stage, 0);
    await publishFull(old.mqtt);
    const packet = await old.peer.next("publish");
    equal(packet.properties, undefined, "The properties of PUBLISH in MQTT 3.1.1");
    const value = plainFields.includes(each) ? each.value : each.none;
    equal(bothForms(old.mqtt, "outgoing", each), [value, value], "In MQTT 3.1.1");
    await throwsCode(10022, () => old.mqtt[`outgoingMessage${each.method}`](1));
    await throwsCode(10022, () => old.mqtt[`outgoingMessage${each.method}`](-1));
  },
}));

const countCheck: SurfaceCheck = {
  rows: ["property outgoing_message_count", "property outgoing_message_packet_id", "config MQTT/OutgoingPacketId"],
  title: "outgoingMessageCount and outgoingMessagePacketId follow what the server has not acknowledged",
  run: async (stage) => {
    const { mqtt, peer } = await publisher(stage, 0);
    const packetId = { method: "PacketId", field: "packetId" } as const;
    equal(mqtt.outgoingMessageCount, 0, "The count at first");
    const ids: number[] = [];
    for (const text of ["first", "second", "third"]) {
      await mqtt.publishMessage("surface/count", 1, text);
      const { packetIdentifier = 0 } = await peer.next("publish");
      ids.push(packetIdentifier);
      equal(mqtt.config("OutgoingPacketId"), String(packetIdentifier), "OutgoingPacketId");
    }
    equal(new Set(ids).size, 3, "How many different Packet Identifiers there are");
    equal(mqtt.outgoingMessageCount, 3, "The count of those under way");
    const listed = mqtt.outgoingMessages.map((_, at) => bothForms(mqtt, "outgoing", packetId, at));
    // prettier-ignore
    equal(listed, ids.map((id) => [id, id]), "The Packet Identifiers");
    const out = event(mqtt, "messageOut");
    await peer.send({ type: "puback", packetIdentifier: ids[1] ?? 0 });
    await out;
    const left = mqtt.outgoingMessages.map(({ packetId: id }) => id);
    equal([mqtt.outgoingMessageCount, ...left], [2, ids[0], ids[2]], "What is left after PUBACK");
    await mqtt.publishMessage("surface/count", 0, "at QoS 0");
    await peer.next("publish");
    equal(mqtt.outgoingMessageCount, 2, "The count after one at QoS 0");
  },
};

const state = { method: "State", field: "state" } as const;

const stateChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property outgoing_message_state", "event on_message_ack"],
    title: "outgoingMessageState at QoS 1: 0 while the server withholds PUBACK, then 4 in onMessageAck",
    run: async (stage) => {
      const { mqtt, peer } = await publisher(stage, 0);
      const seen = statesSeen(mqtt, "outgoing");
      await mqtt.publishMessage("surface/state", 1, "one");
      const { packetIdentifier = 0 } = await peer.next("publish");
      equal(bothForms(mqtt, "outgoing", state), [0, 0], "The state after PUBLISH");
      const acknowledged = event(mqtt, "messageAck");
      let atAck: unknown;
      mqtt.onMessageAck = ({ index }) => {
        atAck = bothForms(mqtt, "outgoing", state, index);
      };
      await peer.send({ type: "puback", packetIdentifier });
      equal(await acknowledged, { packetId: packetIdentifier, direction: 0, index: 0, responseCode: 0 });
      equal(atAck, [4, 4], "The state in onMessageAck");
      equal(seen, [0, 4], "The states that there were");
      equal(mqtt.outgoingMessageCount, 0, "What is left");
    },
  },
  {
    rows: ["property outgoing_message_state"],
    title: "outgoingMessageState at QoS 2: 1 until PUBREC, 2, 3 while the server withholds PUBCOMP, 4 in onMessageAck",
    run: async (stage) => {
      const { mqtt, peer } = await publisher(stage, 1);
      const seen = statesSeen(mqtt, "outgoing");
      await mqtt.publishMessage("surface/state", 2, "two");
      const { packetIdentifier = 0 } = await peer.next("publish");
      equal(bothForms(mqtt, "outgoing", state), [1, 1], "The state after PUBLISH");
      await peer.send({ type: "pubrec", packetIdentifier });
      await peer.next("pubrel");
      equal(bothForms(mqtt, "outgoing", state), [3, 3], "The state after PUBREL");
      const out = event(mqtt, "messageOut");
      await peer.send({ type: "pubcomp", packetIdentifier });
      equal((await out).packetId, packetIdentifier, "The Packet Identifier in onMessageOut");
      equal(seen, [1, 2, 3, 4], "The states that there were");
      equal(statesOf(mqtt, "outgoing"), [], "What is left");
    },
  },
];

const orderChecks: readonly SurfaceCheck[] = ([1, 2] as const).map((qos) => ({
  rows: ["event on_message_ack", "event on_message_out"],
  title: `A message at QoS ${qos} of ours: onMessageAck while it is listed, then onMessageOut when it is not`,
  run: async (stage) => {
    const { mqtt, peer } = await publisher(stage, 0);
    const order: unknown[] = [];
    const over = event(mqtt, "messageOut");
    mqtt.onMessageAck = ({ packetId, index, direction }) => {
      const isSame = mqtt.outgoingMessagePacketId(index) === packetId;
      order.push(["acknowledged", direction, mqtt.outgoingMessageCount, isSame]);
    };
    mqtt.onMessageOut = () => {
      order.push(["out", mqtt.outgoingMessageCount]);
    };
    await mqtt.publishMessage("surface/order", qos, "text");
    const { packetIdentifier = 0 } = await peer.next("publish");
    equal(mqtt.outgoingMessageCount, 1, "The count before an answer");
    if (qos === 2) {
      await peer.send({ type: "pubrec", packetIdentifier });
      await peer.next("pubrel");
    }
    equal(order, [], "The events before the last answer");
    await peer.send({ type: qos === 1 ? "puback" : "pubcomp", packetIdentifier });
    await over;
    // prettier-ignore
    equal(order, [["acknowledged", 0, 1, true], ["out", 0]], "The events, with the count");
  },
}));

const eventCheck: SurfaceCheck = {
  rows: ["event on_message_out"],
  title: "onMessageOut has the topic, the QoS, the payload and the flags that the server got; packetId -1 at QoS 0",
  run: async (stage) => {
    const { mqtt, peer } = await publisher(stage, 0, { answers: allButConnect });
    mqtt.config("Retain=True");
    const seen: unknown[] = [];
    const expected: unknown[] = [];
    mqtt.onMessageOut = (one) => seen.push(one);
    for (const qos of [0, 1, 2] as const) {
      mqtt.config(`Duplicate=${qos === 2 ? "True" : "False"}`);
      await mqtt.publishMessage("surface/out", qos, `at ${qos}`);
      const { packetIdentifier = -1, duplicate, retain, topicName, payload } = await peer.next("publish");
      const { length } = expected;
      await until(() => seen.length > length);
      expected.push({
        packetId: packetIdentifier,
        topic: topicName,
        qos,
        message: payload,
        retained: retain,
        duplicate,
      });
    }
    equal(seen, expected, "The events");
    const flags = seen.map((one) => (one as { duplicate: boolean }).duplicate);
    equal(flags, [false, false, true], "The DUP flags");
  },
};

/** The last answer to a message, and its Reason Codes, as onMessageAck tells of it. */
const codeChecks: readonly SurfaceCheck[] = (
  [
    { type: "puback", qos: 1, codes: [0, 16, 128, 131, 135, 144, 145, 151, 153] },
    { type: "pubrec", qos: 2, codes: [128, 131, 135, 144, 145, 151, 153] },
    { type: "pubcomp", qos: 2, codes: [0, 146] },
  ] as const
).map(({ type, qos, codes }) => ({
  rows: ["event on_message_ack"],
  title: `onMessageAck tells the Reason Code of ${type.toUpperCase()}: ${codes.join(", ")}`,
  run: async (stage) => {
    const { mqtt, peer } = await publisher(stage, 1);
    const seen: unknown[] = [];
    mqtt.on("messageAck", ({ responseCode, packetId }) => seen.push([packetId, responseCode]));
    const expected: unknown[] = [];
    for (const reasonCode of codes) {
      await mqtt.publishMessage("surface/code", qos, "text");
      const { packetIdentifier = 0 } = await peer.next("publish");
      if (type === "pubcomp") {
        await peer.send({ type: "pubrec", packetIdentifier });
        await peer.next("pubrel");
      }
      await peer.send({ type, packetIdentifier, reasonCode });
      expected.push([packetIdentifier, reasonCode]);
      await until(() => seen.length === expected.length);
      equal(mqtt.outgoingMessageCount, 0, `What is left after ${reasonCode}`);
    }
    equal(seen, expected, "Packet Identifiers and Reason Codes");
  },
}));

const earlierCodeCheck: SurfaceCheck = {
  rows: ["event on_message_ack"],
  title: "onMessageAck tells the Reason Code of a PUBREC, 16, that PUBCOMP does not repeat",
  run: async (stage) => {
    const { mqtt, peer } = await publisher(stage, 1);
    const acknowledged = event(mqtt, "messageAck");
    await mqtt.publishMessage("surface/nobody", 2, "text");
    const { packetIdentifier = 0 } = await peer.next("publish");
    await peer.send({ type: "pubrec", packetIdentifier, reasonCode: 16 });
    await peer.next("pubrel");
    await peer.send({ type: "pubcomp", packetIdentifier });
    equal((await acknowledged).responseCode, 16, "The code");
  },
};

const incomingCodeCheck: SurfaceCheck = {
  rows: ["event on_message_ack"],
  title: "onMessageAck tells the Reason Code of the acknowledgement that the client has sent",
  run: async (stage) => {
    const { mqtt, peer } = await publisher(stage, 1);
    const acknowledged = event(mqtt, "messageAck");
    await peer.send({ ...bareMessage, qos: 1 });
    const { reasonCode } = await peer.next("puback");
    const { responseCode, direction } = await acknowledged;
    equal([responseCode, direction], [reasonCode, 1], "The code and the direction");
  },
};

const furtherChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property outgoing_message_subscription_identifiers"],
    title: "outgoingMessageSubscriptionIdentifiers is empty: no PUBLISH of a client may have them",
    run: async (stage) => {
      const { mqtt, peer } = await publisher(stage, 1);
      mqtt.config("SubscriptionIdentifier=7");
      await mqtt.publishMessage("surface/identifiers", 1, "text");
      const packet = await peer.next("publish");
      ok(packet.properties?.subscriptionIdentifiers === undefined, "PUBLISH has Subscription Identifiers");
      const text = { method: "SubscriptionIdentifiers", field: "subscriptionIdentifiers" } as const;
      equal(bothForms(mqtt, "outgoing", text), ["", ""], "The identifiers");
    },
  },
  {
    rows: ["property outgoing_message_duplicate", "config MQTT/RepublishInterval"],
    title: "outgoingMessageDuplicate becomes true when the message is published again, with the same identifier",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { prepare: (one) => one.config("RepublishInterval=1") });
      await mqtt.publishMessage("surface/again", 1, "text");
      const first = await peer.next("publish");
      const flag = { method: "Duplicate", field: "duplicate" } as const;
      equal([first.duplicate, ...bothForms(mqtt, "outgoing", flag)], [false, false, false], "DUP at first");
      const second = await peer.next("publish");
      equal([second.duplicate, ...bothForms(mqtt, "outgoing", flag)], [true, true, true], "DUP when sent again");
      equal(second.packetIdentifier, first.packetIdentifier, "The Packet Identifier");
      equal(mqtt.outgoingMessageCount, 1, "The count");
    },
  },
  {
    rows: ["property outgoing_message_topic_alias", "config MQTT/TopicAlias"],
    title: "A PUBLISH with an alias and no topic is listed with the alias",
    run: async (stage) => {
      const { mqtt, peer } = await publisher(stage, 1);
      mqtt.config("TopicAlias=3");
      await mqtt.publishMessage("surface/alias", 1, "with both");
      await mqtt.publishMessage("", 1, "with the alias alone");
      const packets = [await peer.next("publish"), await peer.next("publish")];
      const sent = packets.map(({ topicName, properties: own }) => [topicName, own?.topicAlias]);
      // prettier-ignore
      equal(sent, [["surface/alias", 3], ["", 3]], "Topics and aliases in PUBLISH");
      equal(
        mqtt.outgoingMessages.map(({ topicAlias }) => topicAlias),
        [3, 3],
        "The aliases that are listed",
      );
      equal(mqtt.outgoingMessageTopic(0), "surface/alias", "The topic of the first");
    },
  },
  {
    rows: ["event on_message_out", "method publish_data"],
    title: "A message at QoS 0 is told of once it is sent, and never acknowledged or listed",
    run: async (stage) => {
      const { mqtt, peer } = await publisher(stage, 0);
      let acknowledgements = 0;
      mqtt.onMessageAck = () => {
        acknowledgements += 1;
      };
      const out = event(mqtt, "messageOut");
      await mqtt.publishData("surface/once", 0, bytesOf("text"));
      equal((await peer.next("publish")).packetIdentifier, undefined, "The Packet Identifier");
      equal((await out).packetId, -1, "The Packet Identifier in onMessageOut");
      equal([acknowledgements, mqtt.outgoingMessageCount], [0, 0], "Acknowledgements, and the count");
    },
  },
];

export const outgoingChecks: readonly SurfaceCheck[] = [
  ...fieldChecks,
  countCheck,
  ...stateChecks,
  ...orderChecks,
  eventCheck,
  ...codeChecks,
  earlierCodeCheck,
  incomingCodeCheck,
  ...furtherChecks,
];
