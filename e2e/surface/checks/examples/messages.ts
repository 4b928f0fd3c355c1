import { equal, event, events, ok, textOf, until, type SurfaceCheck } from "../../check.ts";
import { joinBroker } from "../joining.ts";

const subscribing: readonly SurfaceCheck[] = [
  {
    rows: ["method subscribe", "event on_subscribed", "method publish_message", "event on_message_in"],
    title: "Example, several filters at one QoS: mosquitto grants each, and messages that match any of them come",
    run: async (stage) => {
      const base = stage.topic();
      const mqtt = await joinBroker(stage);
      const granted = events(mqtt, "subscribed");
      const filters = [base, `${base}/upstairs/+/light`, `${base}/downstairs/#`];
      await mqtt.subscribe(filters.join(","), 2);
      equal(
        granted,
        filters.map((topicFilter) => ({ topicFilter, qos: 2, responseCode: 2 })),
        "onSubscribed",
      );
      const came = event(mqtt, "messageIn", 4);
      const witness = await stage.lab.openWitness();
      const within = ["", "/upstairs/bath/light", "/downstairs", "/downstairs/hall/mirror/light"];
      const without = ["/upstairs", "/upstairs/bath/mirror/light", "/cellar"];
      for (const level of [...without, ...within]) await witness.publish(`${base}${level}`, "on", { qos: 1 });
      equal(
        (await came).map(({ topic }) => topic),
        within.map((level) => `${base}${level}`),
        "The topics that came",
      );
    },
  },
  {
    rows: ["method subscribe", "event on_subscribed", "config MQTT/TopicQOSArray"],
    title: "Example, a QoS for each filter: mosquitto grants those of TopicQOSArray, whatever is passed",
    run: async (stage) => {
      const base = stage.topic();
      const mqtt = await joinBroker(stage);
      const granted = events(mqtt, "subscribed");
      mqtt.config("TopicQOSArray=1,0,2");
      await mqtt.subscribe(`${base},${base}/upstairs/+/light,${base}/downstairs/#`, 0);
      equal(
        granted.map(({ qos, responseCode }) => [qos, responseCode]),
        [
          [1, 1],
          [0, 0],
          [2, 2],
        ],
        "QoS and code",
      );
      const topics: string[] = [];
      mqtt.on("messageIn", ({ topic }) => topics.push(topic));
      const came = event(mqtt, "messageIn", 3);
      const witness = await stage.lab.openWitness();
      for (const level of ["", "/upstairs/bath/light", "/downstairs"]) {
        await witness.publish(`${base}${level}`, "on", { qos: 2 });
        await until(() => topics.at(-1) === `${base}${level}`);
      }
      equal(
        (await came).map(({ qos }) => qos),
        [1, 0, 2],
        "The QoS at which they came",
      );
    },
  },
  {
    rows: ["method unsubscribe", "event on_unsubscribed"],
    title: "Example, unsubscribing from two of three filters: mosquitto still sends what the third one matches",
    run: async (stage) => {
      const base = stage.topic();
      const mqtt = await joinBroker(stage);
      const left = [`${base}/upstairs/+/light`, `${base}/downstairs/#`].join(",");
      await mqtt.subscribe(`${base},${left}`, 1);
      const told = events(mqtt, "unsubscribed");
      await mqtt.unsubscribe(left);
      equal(told, [{ topicFilters: left, responseCode: 0 }], "onUnsubscribed");
      const came = event(mqtt, "messageIn");
      const witness = await stage.lab.openWitness();
      for (const level of ["/downstairs/hall", "/upstairs/bath/light", ""]) {
        await witness.publish(`${base}${level}`, "on", { qos: 1 });
      }
      equal((await came).topic, base, "The first topic that came");
    },
  },
];

const publishing: readonly SurfaceCheck[] = [
  {
    rows: ["method publish_message", "method publish_data", "event on_message_out"],
    title: "Example, a text and bytes on one topic: another client gets both from mosquitto",
    run: async (stage) => {
      const topic = `/${stage.topic()}`;
      const witness = await stage.lab.openWitness();
      await witness.subscribe(topic);
      const mqtt = await joinBroker(stage);
      const out = events(mqtt, "messageOut");
      const picture = Uint8Array.from({ length: 5000 }, (_, at) => at % 256);
      await mqtt.publishMessage(topic, 1, "Somebody is at the door");
      await mqtt.publishData(topic, 1, picture);
      const first = await witness.next();
      const second = await witness.next();
      equal([first.topic, textOf(first.payload), first.qos], [topic, "Somebody is at the door", 1], "The text");
      equal([second.topic, second.payload], [topic, picture], "The bytes");
      await until(() => out.length === 2);
      equal(
        out.map(({ qos }) => qos),
        [1, 1],
        "onMessageOut",
      );
    },
  },
  {
    rows: ["event on_message_in", "event on_message_out"],
    title: "Example, handlers that say what came and what went: topic, QoS and text of each, by way of mosquitto",
    run: async (stage) => {
      const topic = stage.topic();
      const mqtt = await joinBroker(stage);
      const lines: string[] = [];
      mqtt.onMessageIn = (one) => lines.push(`in ${one.topic} ${one.qos} ${textOf(one.message)}`);
      mqtt.onMessageOut = (one) => lines.push(`out ${one.topic} ${one.qos} ${textOf(one.message)}`);
      await mqtt.subscribe(topic, 2);
      for (const qos of [0, 1, 2]) {
        await mqtt.publishMessage(topic, qos, `at ${qos}`);
        await until(() => lines.length === 2 * (qos + 1));
      }
      const expected = [0, 1, 2].flatMap((qos) => [`in ${topic} ${qos} at ${qos}`, `out ${topic} ${qos} at ${qos}`]);
      equal(lines.sort(), expected.sort(), "The lines");
    },
  },
  {
    rows: ["config MQTT/TopicAlias", "config MQTT/ServerTopicAliasMax"],
    title: "Example, an alias in place of the topic: mosquitto hands both messages over with the whole topic",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness();
      await witness.subscribe(topic);
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      ok(Number(mqtt.config("ServerTopicAliasMax")) > 0, "mosquitto takes no aliases");
      mqtt.config("TopicAlias=1");
      await mqtt.publishMessage(topic, 1, "first");
      mqtt.config("TopicAlias=1");
      await mqtt.publishMessage("", 1, "second");
      for (const text of ["first", "second"]) {
        const message = await witness.next();
        equal([message.topic, textOf(message.payload)], [topic, text], "What came");
      }
    },
  },
  {
    rows: [
      "config MQTT/OutgoingUserPropCount",
      "config MQTT/OutgoingUserPropName[i]",
      "config MQTT/OutgoingUserPropValue[i]",
    ],
    title: "Example, a user property by its index: another client gets it from mosquitto",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness({ protocolVersion: 5 });
      await witness.subscribe(topic);
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      mqtt.config("OutgoingUserPropCount=1");
      mqtt.config("OutgoingUserPropName[0]=room");
      mqtt.config("OutgoingUserPropValue[0]=bath");
      await mqtt.publishMessage(topic, 1, "21.5");
      equal((await witness.next()).userProperties, [["room", "bath"]], "The user properties");
    },
  },
  {
    rows: ["config MQTT/OutgoingMessageProperties"],
    title:
      "Example, all properties of a message as JSON, a user property twice: another client gets them from mosquitto",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness({ protocolVersion: 5 });
      await witness.subscribe(topic);
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      const json = [
        '"ContentType":"text/csv"',
        '"CorrelationData":"00c0ffee"',
        '"MessageExpInterval":"600"',
        '"PayloadFormatIndicator":"1"',
        `"ResponseTopic":"${topic}/answer"`,
        '"TopicAlias":"1"',
        '"UserProperty":"room:bath"',
        '"UserProperty":"floor:1"',
      ];
      mqtt.config(`OutgoingMessageProperties={${json.join(",")}}`);
      await mqtt.publishMessage(topic, 1, "21.5;60");
      const { contentType, correlationData, messageExpiryInterval, payloadFormat, responseTopic, userProperties } =
        await witness.next();
      equal(
        [contentType, correlationData, payloadFormat, responseTopic, userProperties],
        [
          "text/csv",
          Uint8Array.of(0, 0xc0, 0xff, 0xee),
          "utf-8",
          `${topic}/answer`,
          [
            ["room", "bath"],
            ["floor", "1"],
          ],
        ],
        "The properties",
      );
      ok((messageExpiryInterval ?? 0) > 590, `The message has ${messageExpiryInterval} s left`);
    },
  },
];

export const messageExamples: readonly SurfaceCheck[] = [...subscribing, ...publishing];
