import type { MqttClient } from "rivulet";
import { equal, ok } from "./expect.ts";
import { Gathering } from "./gathering.ts";
import { lastingSession } from "./lasting-session.ts";
import { take } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

interface Sent {
  readonly topicName: string;
  readonly topicAlias: number | undefined;
}

export const aliasing: readonly Scenario[] = [
  {
    name: "topic aliases: automatic, more topics than aliases",
    protocolVersions: [5],
    async run({ connect, topic }) {
      const [sender, receiver] = await Promise.all([connect({ topicAliases: "auto" }), connect()]);
      const maximum = sender.server?.topicAliasMaximum ?? 0;
      ok(maximum > 1, `The server takes ${maximum} aliases`);
      const subscription = await receiver.subscribe(`${topic}/#`, { qos: 1 });
      const sent = record(sender);
      // Three that come again and again between others that come once.
      const topics = Array.from({ length: 100 }, (_each, index) =>
        index % 2 ? `often/${index % 3}` : `once/${index}`,
      );
      await Promise.all(topics.map((below) => sender.publish(`${topic}/${below}`, below, { qos: 1 })));
      const got = await take(subscription, topics.length);
      equal(
        got.map((message) => message.topic.slice(topic.length + 1)),
        topics,
        "topics",
      );
      equal(
        got.map((message) => message.text()),
        topics,
        "payloads",
      );
      for (const { topicAlias = 0 } of sent) ok(topicAlias <= maximum, `Alias ${topicAlias} of at most ${maximum}`);
      equal(sent.filter(({ topicName }) => topicName === "").length, 50 - 3, "messages without their topic");
    },
  },
  {
    name: "topic aliases: by hand",
    protocolVersions: [5],
    async run({ connect, topic }) {
      const client = await connect();
      const sent = record(client);
      const subscription = await client.subscribe(`${topic}/#`, { qos: 2 });
      void client.publish(`${topic}/a`, "first", { qos: 1, topicAlias: 1 });
      void client.publish("", "second", { qos: 1, topicAlias: 1 });
      void client.publish(`${topic}/b`, "third", { qos: 1, topicAlias: 1 });
      void client.publish("", "fourth", { qos: 1, topicAlias: 1 });
      const got = await take(subscription, 4);
      equal(
        got.map((message) => `${message.topic.slice(topic.length + 1)} ${message.text()}`),
        ["a first", "a second", "b third", "b fourth"],
        "messages",
      );
      equal(
        sent.map(({ topicName, topicAlias }) => `${topicName.slice(topic.length + 1)} ${topicAlias}`),
        ["a 1", " 1", "b 1", " 1"],
        "what was sent",
      );
    },
  },
  {
    name: "topic aliases: none outlives its connection",
    protocolVersions: [5],
    async run(context) {
      const { connect, faults, topic, url } = context;
      // Some hundred bytes: some messages are cut off with their topic, and some without.
      const way = await faults.proxy(url, { seed: 1, cuts: 5, up: [1_500, 4_000], down: [800, 1_600] });
      const options = { ...lastingSession(context, "sender"), topicAliases: "auto" } as const;
      const [sender, receiver] = await Promise.all([connect(options, way.url), connect()]);
      const got = new Gathering();
      await receiver.subscribe(`${topic}/#`, { qos: 2 }, (message) => {
        equal(message.text().split(" ")[0], message.topic.slice(topic.length + 1), "the topic");
        got.add(message);
      });
      const published = Array.from({ length: 1_500 }, (_each, index) =>
        sender.publish(`${topic}/${index % 17}`, `${index % 17} ${index}`, { qos: index % 2 ? 2 : 1 }),
      );
      const refusals = (await Promise.allSettled(published)).filter(({ status }) => status === "rejected");
      equal(refusals.length, 0, "publishes that were refused");
      await got.reaches(1_500);
      equal(await way.close(), 5, "cuts");
    },
  },
];

/** What the client sends, as it stands in its packets. */
function record(client: MqttClient): Sent[] {
  const sent: Sent[] = [];
  client.on("packet", ({ direction, packet }) => {
    if (direction !== "out" || packet.type !== "publish") return;
    sent.push({ topicName: packet.topicName, topicAlias: packet.properties?.topicAlias });
  });
  return sent;
}
