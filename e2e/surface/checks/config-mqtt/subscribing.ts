import type { MQTT } from "@rivulet/component";
import type { SubscribePacket } from "@rivulet/codec";

import { equal, event, throwsCode, type SurfaceCheck } from "../../check.ts";
import type { Peer, Received } from "../../lab-calls.ts";
import { join, joinBroker } from "../joining.ts";

const answers = { answers: ["subscribe", "unsubscribe"] } as const;

/** Subscribes, and returns what the server was asked for. */
async function asked(mqtt: MQTT, peer: Peer, filters: string, qos = 0): Promise<Received<SubscribePacket>> {
  const [packet] = await Promise.all([peer.next("subscribe"), mqtt.subscribe(filters, qos)]);
  return packet;
}

export const subscribingChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/TopicQOSArray"],
    title: "TopicQOSArray: SUBSCRIBE has a QoS for each filter instead of the one that is passed; counts must match",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version, peer: answers });
        mqtt.config("TopicQOSArray=1, 2,0");
        const { subscriptions } = await asked(mqtt, peer, "a,b,c", 2);
        equal(
          subscriptions.map(({ topicFilter, qos }) => [topicFilter, qos]),
          [
            ["a", 1],
            ["b", 2],
            ["c", 0],
          ],
          "The filters of SUBSCRIBE",
        );
        await throwsCode(505, () => mqtt.subscribe("a,b", 1));
        await throwsCode(10022, () => mqtt.config("TopicQOSArray=1,3"));
        mqtt.config("TopicQOSArray=");
        const plain = await asked(mqtt, peer, "d,e", 1);
        equal(
          plain.subscriptions.map(({ topicFilter, qos }) => [topicFilter, qos]),
          [
            ["d", 1],
            ["e", 1],
          ],
          "The filters after it was reset, and after a refusal that sent nothing",
        );
      }
    },
  },
  ...(
    [
      ["TopicNLArray", "noLocal", "true, false, Yes", [true, false, true, true], false],
      ["TopicRAPArray", "retainAsPublished", "false,1", [false, true, true, true], false],
      ["TopicRHArray", "retainHandling", "1, 0,2", [1, 0, 2, 2], 0],
    ] as const
  ).map(([name, option, value, expected, initial]): SurfaceCheck => ({
    rows: [`config MQTT/${name}`],
    title: `${name}: SUBSCRIBE of MQTT 5.0 has it for each filter, the last value for those beyond; 3.1.1 has it not`,
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, peer: answers });
      const options = async (): Promise<unknown[]> =>
        (await asked(mqtt, peer, "a,b,c,d")).subscriptions.map((one) => one[option]);
      equal(
        await options(),
        expected.map(() => initial),
        "What SUBSCRIBE has by default",
      );
      mqtt.config(`${name}=${value}`);
      equal(await options(), expected, "What SUBSCRIBE has");
      mqtt.config(`${name}=${value.split(",")[0] ?? ""}`);
      equal(
        await options(),
        expected.map(() => expected[0]),
        "What SUBSCRIBE has with one value for all",
      );
      mqtt.config(`${name}=`);
      equal(
        await options(),
        expected.map(() => initial),
        "What SUBSCRIBE has after it was reset",
      );
      const { mqtt: old, peer: oldPeer } = await join(stage, { peer: answers });
      old.config(`${name}=${value}`);
      equal((await asked(old, oldPeer, "a", 1)).hex.slice(-8), "00016101", "The end of SUBSCRIBE in MQTT 3.1.1");
    },
  })),
  {
    rows: ["config MQTT/TopicNLArray"],
    title: "TopicNLArray: mosquitto does not send back what the client itself published; 500 for a shared subscription",
    run: async (stage) => {
      const topic = stage.topic();
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      mqtt.config("TopicNLArray=true,false");
      await mqtt.subscribe(`${topic}/not,${topic}/yes`, 1);
      const message = event(mqtt, "messageIn");
      await mqtt.publishMessage(`${topic}/not`, 1, "a");
      await mqtt.publishMessage(`${topic}/yes`, 1, "b");
      equal((await message).topic, `${topic}/yes`, "The first message that came back");
      await throwsCode(500, () => mqtt.subscribe(`$share/group/${topic}`, 1));
    },
  },
  {
    rows: ["config MQTT/TopicDelimiter"],
    title: "TopicDelimiter: lists are taken apart there, and filters then left as they are, for both packets",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { peer: answers });
      const filtersOf = async (text: string): Promise<string[]> =>
        (await asked(mqtt, peer, text)).subscriptions.map(({ topicFilter }) => topicFilter);
      const unsubscribed = async (text: string): Promise<string[]> => {
        const [{ topicFilters }] = await Promise.all([peer.next("unsubscribe"), mqtt.unsubscribe(text)]);
        return topicFilters;
      };
      equal(await filtersOf(" a , b c "), ["a", "b c"], "SUBSCRIBE by default");
      equal(await unsubscribed(" a , b c "), ["a", "b c"], "UNSUBSCRIBE by default");
      mqtt.config("TopicDelimiter=::");
      equal(await filtersOf(" a ,b:: c:d"), [" a ,b", " c:d"], "SUBSCRIBE");
      equal(await unsubscribed(" a ,b:: c:d"), [" a ,b", " c:d"], "UNSUBSCRIBE");
      await throwsCode(503, () => mqtt.subscribe("a::", 0));
      mqtt.config("TopicDelimiter=");
      equal(await filtersOf("a, b"), ["a", "b"], "SUBSCRIBE after it was reset");
    },
  },
  {
    rows: ["config MQTT/SubscriptionIdentifier"],
    title: "SubscriptionIdentifier: SUBSCRIBE of MQTT 5.0 has it, and none after -1 or by default; 3.1.1 has none",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, peer: answers });
      equal((await asked(mqtt, peer, "a")).properties ?? {}, {}, "The properties of SUBSCRIBE by default");
      for (const identifier of [123, 268_435_455]) {
        mqtt.config(`SubscriptionIdentifier=${identifier}`);
        equal(
          (await asked(mqtt, peer, "a,b")).properties,
          { subscriptionIdentifier: identifier },
          "The properties of SUBSCRIBE",
        );
      }
      mqtt.config("SubscriptionIdentifier=-1");
      equal((await asked(mqtt, peer, "b")).properties ?? {}, {}, "The properties of SUBSCRIBE after -1");
      const { mqtt: old, peer: oldPeer } = await join(stage, { peer: answers });
      old.config("SubscriptionIdentifier=5");
      equal((await asked(old, oldPeer, "a", 1)).properties, undefined, "Those of MQTT 3.1.1");
    },
  },
  {
    rows: ["config MQTT/SubscriptionIdentifier"],
    title: "SubscriptionIdentifier: mosquitto returns those of all matching subscriptions with a message",
    run: async (stage) => {
      const topic = stage.topic();
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      mqtt.config("SubscriptionIdentifier=123");
      await mqtt.subscribe(`${topic}/one`, 1);
      mqtt.config("SubscriptionIdentifier=321");
      await mqtt.subscribe(`${topic}/+`, 1);
      const seen = new Set<string>();
      const both = new Promise<void>((resolve) => {
        mqtt.onMessageAck = ({ direction, index }) => {
          if (direction !== 1) return;
          const identifiers = mqtt.incomingMessageSubscriptionIdentifiers(index).split(",");
          for (const each of identifiers) seen.add(each.trim());
          if (seen.size === 2) resolve();
        };
      });
      const witness = await stage.lab.openWitness();
      await witness.publish(`${topic}/one`, "a", { qos: 1 });
      await both;
      equal([...seen].sort(), ["123", "321"], "The identifiers");
    },
  },
];
