import { equal, ok, throwsCode, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

const flagChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/Duplicate"],
    title: "Duplicate: the first byte of PUBLISH has the flag at QoS 1 and 2, and never at QoS 0",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version });
        for (const [word, qos, byte] of [
          ["False", 1, "32"],
          ["True", 0, "30"],
          ["Yes", 1, "3a"],
          ["1", 2, "3c"],
          ["No", 2, "34"],
        ] as const) {
          mqtt.config(`Duplicate=${word}`);
          await mqtt.publishMessage("surface/duplicate", qos, "a");
          equal((await peer.next("publish")).hex.slice(0, 2), byte, `The first byte at QoS ${qos} with ${word}`);
        }
      }
    },
  },
  {
    rows: ["config MQTT/Retain"],
    title: "Retain: the first byte of PUBLISH has the flag as long as it is set",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version });
        for (const [word, qos, byte] of [
          [undefined, 0, "30"],
          ["True", 0, "31"],
          [undefined, 1, "33"],
          ["False", 2, "34"],
        ] as const) {
          if (word !== undefined) mqtt.config(`Retain=${word}`);
          await mqtt.publishMessage("surface/retain", qos, "a");
          equal((await peer.next("publish")).hex.slice(0, 2), byte, `The first byte at QoS ${qos}, set to ${word}`);
        }
      }
    },
  },
  {
    rows: ["config MQTT/OutgoingPacketId"],
    title: "OutgoingPacketId is the Packet Identifier that the server saw last",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const seen = new Set<unknown>();
      for (const qos of [1, 2, 1]) {
        await mqtt.publishMessage("surface/id", qos, "a");
        const { packetIdentifier } = await peer.next("publish");
        equal(mqtt.config("OutgoingPacketId"), String(packetIdentifier), "OutgoingPacketId");
        seen.add(packetIdentifier);
      }
      equal(seen.size, 3, "How many identifiers there were");
      await mqtt.publishMessage("surface/none", 0, "c");
      equal(mqtt.config("OutgoingPacketId"), "-1", "OutgoingPacketId at QoS 0");
      await throwsCode(211, () => mqtt.config("OutgoingPacketId=1"));
    },
  },
  {
    rows: ["config MQTT/RepublishInterval"],
    title: "RepublishInterval: a message without an answer comes again after so long, with DUP and the same identifier",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        prepare: (one) => {
          equal(one.config("RepublishInterval"), "60", "The default");
          one.config("RepublishInterval=1");
        },
      });
      const begun = performance.now();
      await mqtt.publishMessage("surface/once", 1, "a");
      await mqtt.publishMessage("surface/twice", 2, "b");
      const once: unknown[][] = [];
      const twice: unknown[][] = [];
      while (once.length < 2 || twice.length < 2) {
        const { topicName, duplicate, packetIdentifier, qos } = await peer.next("publish");
        (topicName === "surface/once" ? once : twice).push([qos, packetIdentifier, duplicate]);
      }
      ok(performance.now() - begun > 800, "They came again too early");
      for (const [qos, [first, second]] of [
        [1, once],
        [2, twice],
      ] as const) {
        const packetIdentifier = first?.[1];
        equal(first, [qos, packetIdentifier, false], `What came first at QoS ${qos}`);
        equal(second, [qos, packetIdentifier, true], `What came again at QoS ${qos}`);
      }
    },
  },
  {
    rows: ["config MQTT/SendCustomPacket"],
    title: "SendCustomPacket: the server gets exactly these bytes; without a connection it is 212",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      mqtt.config("SendCustomPacket=3005 000161 6869");
      const packet = await peer.next("publish");
      equal([packet.hex, packet.topicName], ["30050001616869", "a"], "The packet");
      await throwsCode(10022, () => mqtt.config("SendCustomPacket=303"));
      await mqtt.disconnect();
      await throwsCode(212, () => mqtt.config("SendCustomPacket=C000"));
      await throwsCode(212, () => stage.mqtt().config("SendCustomPacket=C000"));
    },
  },
];

const propertyChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/OutgoingMessageProperties", "config MQTT/ResponseTopic"],
    title:
      "OutgoingMessageProperties: each PUBLISH of MQTT 5.0 has them until they are reset, one by one and all at once",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, connack: { properties: { topicAliasMaximum: 5 } } });
      mqtt.config(
        'OutgoingMessageProperties={"ContentType":"text/plain","CorrelationData":"00aB","MessageExpInterval":1000,' +
          '"PayloadFormatIndicator":"1","ResponseTopic":"surface/answers","TopicAlias":"1",' +
          '"UserProperty":"one:1","UserProperty":"two:2:2","UserProperty":"one:3"}',
      );
      const all = {
        contentType: "text/plain",
        correlationData: Uint8Array.of(0, 0xab),
        messageExpiryInterval: 1000,
        payloadFormatIndicator: 1,
        responseTopic: "surface/answers",
        topicAlias: 1,
        userProperties: [
          ["one", "1"],
          ["two", "2:2"],
          ["one", "3"],
        ],
      };
      for (const qos of [0, 1]) {
        await mqtt.publishMessage("surface/properties", qos, "a");
        equal((await peer.next("publish")).properties, all, `The properties of PUBLISH at QoS ${qos}`);
      }
      mqtt.config('OutgoingMessageProperties={"ContentType":"","MessageExpInterval":"-1","UserProperty":"four:"}');
      const { contentType: _, messageExpiryInterval: __, ...fewer } = all;
      await mqtt.publishMessage("surface/properties", 0, "a");
      equal((await peer.next("publish")).properties, { ...fewer, userProperties: [["four", ""]] }, "What is left");
      mqtt.config("ResponseTopic=");
      mqtt.config("TopicAlias=-1");
      await mqtt.publishMessage("surface/properties", 0, "a");
      equal(
        (await peer.next("publish")).properties,
        { correlationData: all.correlationData, payloadFormatIndicator: 1, userProperties: [["four", ""]] },
        "What is left after the settings of that name were reset",
      );
      mqtt.config("OutgoingMessageProperties=");
      await mqtt.publishMessage("surface/properties", 0, "a");
      equal((await peer.next("publish")).properties ?? {}, {}, "What is left after all were reset");
    },
  },
  {
    rows: ["config MQTT/OutgoingMessageProperties", "config MQTT/ResponseTopic", "config MQTT/TopicAlias"],
    title: "What a message has in MQTT 5.0 is kept in 3.1.1, and PUBLISH has none of it",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        prepare: (one) => {
          one.config('OutgoingMessageProperties={"ContentType":"text/plain","UserProperty":"a:b"}');
          one.config("ResponseTopic=surface/answers");
          one.config("TopicAlias=1");
        },
      });
      await mqtt.publishMessage("a", 0, "hi");
      equal((await peer.next("publish")).hex, "30050001616869", "The bytes of PUBLISH");
      equal(mqtt.config("ResponseTopic"), "surface/answers", "What is kept");
    },
  },
  {
    rows: ["config MQTT/ResponseTopic"],
    title: "ResponseTopic: mosquitto hands it on to whoever receives the message",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness({ protocolVersion: 5 });
      await witness.subscribe(topic);
      const mqtt = stage.mqtt();
      mqtt.version = 1;
      await mqtt.connectTo(stage.broker.host, stage.broker.port);
      mqtt.config("ResponseTopic=surface/answers/1");
      await mqtt.publishMessage(topic, 1, "question");
      mqtt.config("ResponseTopic=");
      await mqtt.publishMessage(topic, 1, "statement");
      equal((await witness.next()).responseTopic, "surface/answers/1", "The Response Topic of the first");
      equal((await witness.next()).responseTopic, undefined, "The Response Topic of the second");
    },
  },
  {
    rows: ["config MQTT/TopicAlias"],
    title: "TopicAlias: PUBLISH has topic and alias, then with an empty topic the alias alone, and after -1 neither",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, connack: { properties: { topicAliasMaximum: 5 } } });
      mqtt.config("TopicAlias=1");
      await mqtt.publishMessage("ab", 0, "x");
      // Topic, properties of three bytes: Topic Alias (0x23) 1, payload.
      equal((await peer.next("publish")).hex, "3009 0002 6162 03 230001 78".replaceAll(" ", ""), "The first PUBLISH");
      await mqtt.publishMessage("", 0, "x");
      equal((await peer.next("publish")).hex, "3007 0000 03 230001 78".replaceAll(" ", ""), "The second PUBLISH");
      mqtt.config("TopicAlias=-1");
      await mqtt.publishMessage("ab", 0, "x");
      equal((await peer.next("publish")).hex, "3006 0002 6162 00 78".replaceAll(" ", ""), "The third PUBLISH");
    },
  },
  {
    rows: ["config MQTT/TopicAlias"],
    title: "TopicAlias: mosquitto knows the topic of a message that has the alias alone",
    run: async (stage) => {
      const topic = stage.topic();
      const witness = await stage.lab.openWitness();
      await witness.subscribe(topic);
      const mqtt = stage.mqtt();
      mqtt.version = 1;
      await mqtt.connectTo(stage.broker.host, stage.broker.port);
      mqtt.config("TopicAlias=1");
      await mqtt.publishMessage(topic, 1, "first");
      await mqtt.publishMessage("", 1, "second");
      equal([(await witness.next()).topic, (await witness.next()).topic], [topic, topic], "The topics");
    },
  },
];

export const publishingChecks: readonly SurfaceCheck[] = [...flagChecks, ...propertyChecks];
