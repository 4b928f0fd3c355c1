import { equal, ok, rejection, sameBytes } from "./expect.ts";
import { bytes, qualities, take } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

const payloads = [
  { size: "0 bytes", length: 0 },
  { size: "1 byte", length: 1 },
  { size: "100 kB", length: 100_000 },
  { size: "1 MB", length: 1_000_000 },
];

export const publishing: readonly Scenario[] = [
  ...qualities.flatMap((qos) =>
    payloads.map(({ size, length }): Scenario => ({
      name: `publish: QoS ${qos}, ${size}`,
      async run({ connect, topic }) {
        const [sender, receiver] = await Promise.all([connect(), connect()]);
        const subscription = await receiver.subscribe(topic, { qos });
        const payload = bytes(length);
        const result = await sender.publish(topic, payload, { qos });
        equal(result.packetId !== undefined, qos > 0, "whether there is a packet identifier");
        const [message] = await take(subscription, 1);
        ok(message !== undefined, "No message");
        equal(
          [message.topic, message.qos, message.retain, message.duplicate],
          [topic, qos, false, false],
          "topic, QoS, retain, duplicate",
        );
        sameBytes(message.payload, payload, "payload");
        await Promise.all([sender.disconnect(), receiver.disconnect()]);
      },
    })),
  ),
  {
    name: "publish: kinds of payload",
    async run({ connect, topic }) {
      const client = await connect();
      const subscription = await client.subscribe(topic, { qos: 1 });
      const around = new TextEncoder().encode('<{"grad":"21,5 °C"}>');
      const inside = around.subarray(1, -1);
      const view = new DataView(inside.buffer, inside.byteOffset, inside.byteLength);
      for (const payload of ['{"grad":"21,5 °C"}', inside, inside.slice().buffer, view]) {
        await client.publish(topic, payload, { qos: 1 });
      }
      for (const message of await take(subscription, 4)) {
        equal(message.json(), { grad: "21,5 °C" }, "payload");
      }
    },
  },
  {
    name: "publish: properties",
    protocolVersions: [5],
    async run({ connect, topic }) {
      const client = await connect();
      const subscription = await client.subscribe(topic, { qos: 1 });
      await client.publish(topic, "1", {
        qos: 1,
        contentType: "text/plain",
        payloadFormat: "utf-8",
        responseTopic: `${topic}/response`,
        correlationData: bytes(20),
        messageExpiryInterval: 600,
        userProperties: [
          ["a", "1"],
          ["b", "2"],
          ["a", "3"],
        ],
      });
      const [message] = await take(subscription, 1);
      ok(message !== undefined, "No message");
      equal(message.contentType, "text/plain", "contentType");
      equal(message.payloadFormat, "utf-8", "payloadFormat");
      equal(message.responseTopic, `${topic}/response`, "responseTopic");
      sameBytes(message.correlationData ?? new Uint8Array(), bytes(20), "correlationData");
      ok((message.messageExpiryInterval ?? 0) > 500, "No messageExpiryInterval");
      equal(
        message.userProperties,
        [
          ["a", "1"],
          ["b", "2"],
          ["a", "3"],
        ],
        "userProperties",
      );
    },
  },
  {
    name: "publish: properties that 3.1.1 does not have",
    protocolVersions: [4],
    async run({ connect, rivulet, topic }) {
      const client = await connect();
      const attempt = client.publish(topic, "1", { qos: 1, contentType: "text/plain" });
      const error = await rejection(attempt, rivulet.UnsupportedError, "publishing with contentType");
      ok(error.message.includes("contentType"), `The message does not name the property: ${error.message}`);
      equal(client.state, "connected", "state");
    },
  },
  {
    name: "publish: 500 in one turn, then disconnect",
    async run({ connect, topic }) {
      const [sender, receiver] = await Promise.all([connect(), connect()]);
      const subscription = await receiver.subscribe(topic, { qos: 2 });
      const all = Array.from({ length: 500 }, (_each, index) =>
        sender.publish(topic, String(index), { qos: index % 3 === 0 ? 2 : 1 }),
      );
      await Promise.all([...all, sender.disconnect()]);
      const messages = await take(subscription, 500);
      const texts = new Set(messages.map((message) => message.text()));
      equal(texts.size, 500, "different messages");
    },
  },
];
