import { equal, event, events, textOf, until, type SurfaceCheck } from "../../check.ts";
import { joinBroker } from "../joining.ts";

interface Available {
  readonly SharedSubscriptionAvailable?: string;
}

export const subscriptionExamples: readonly SurfaceCheck[] = [
  {
    rows: ["method subscribe", "method unsubscribe"],
    title:
      "Example, a shared subscription: mosquitto gives each message to one of the group, and none after unsubscribe",
    run: async (stage) => {
      const topic = stage.topic();
      const filter = `$share/readers/${topic}`;
      const group = [];
      const texts: string[] = [];
      for (const _ of [1, 2]) {
        const mqtt = await joinBroker(stage, (one) => {
          one.version = 1;
        });
        // What is not in CONNACK has its default.
        const { SharedSubscriptionAvailable = "True" } = JSON.parse(mqtt.config("ConnAckProperties")) as Available;
        equal(SharedSubscriptionAvailable, "True", "Whether they are there");
        mqtt.on("messageIn", ({ message }) => texts.push(textOf(message)));
        const granted = event(mqtt, "subscribed");
        await mqtt.subscribe(filter, 2);
        equal(await granted, { topicFilter: filter, qos: 2, responseCode: 2 }, "onSubscribed");
        group.push(mqtt);
      }
      const witness = await stage.lab.openWitness();
      const sent = ["0", "1", "2", "3", "4", "5"];
      for (const text of sent) await witness.publish(topic, text, { qos: 1 });
      await until(() => texts.length >= sent.length);
      for (const mqtt of group) {
        const left = event(mqtt, "unsubscribed");
        await mqtt.unsubscribe(filter);
        equal((await left).responseCode, 0, "onUnsubscribed");
      }
      // What was sent before has come before the answer to UNSUBSCRIBE.
      equal(texts.sort(), sent, "What came to either");
    },
  },
  {
    rows: ["config MQTT/TopicNLArray", "config MQTT/TopicRAPArray", "config MQTT/TopicRHArray"],
    title:
      "Example, three lists of options for three filters: mosquitto heeds each, and the last value goes for the rest",
    run: async (stage) => {
      const base = stage.topic();
      const [one, two, three] = [`${base}/1`, `${base}/2`, `${base}/3`];
      const witness = await stage.lab.openWitness();
      for (const topic of [one, two, three]) await witness.publish(topic, "retained", { qos: 1, retain: true });
      const mqtt = await joinBroker(stage, (each) => {
        each.version = 1;
      });
      mqtt.config("TopicNLArray=false, true");
      mqtt.config("TopicRAPArray=true");
      mqtt.config("TopicRHArray=0, 1");
      const came = events(mqtt, "messageIn");
      const gathered = async (count: number): Promise<string[]> => {
        await until(() => came.length >= count);
        const lines = came.map(({ topic, message, retained }) => `${topic} ${textOf(message)} ${String(retained)}`);
        came.length = 0;
        return lines.sort();
      };
      const retained = [one, two, three].map((topic) => `${topic} retained true`);
      await mqtt.subscribe(`${one}, ${two}, ${three}`, 1);
      equal(await gathered(3), retained, "Retained messages at first");
      await mqtt.subscribe(`${one}, ${two}, ${three}`, 1);
      await witness.publish(three, "end", { qos: 1 });
      equal(await gathered(2), [retained[0], `${three} end false`], "Retained messages the second time");
      mqtt.config("Retain=True");
      for (const topic of [one, two, three]) await mqtt.publishMessage(topic, 1, "own");
      await witness.publish(three, "end", { qos: 1 });
      equal(await gathered(2), [`${one} own true`, `${three} end false`], "Messages of its own");
      await mqtt.unsubscribe(`${one}, ${two}, ${three}`);
      for (const topic of [one, two, three]) await mqtt.publishMessage(topic, 1, "");
      await until(() => mqtt.outgoingMessageCount === 0);
    },
  },
  {
    rows: ["config MQTT/SubscriptionIdentifier", "property incoming_message_subscription_identifiers"],
    title: "Example, two subscriptions that overlap: mosquitto returns the identifiers that were set",
    run: async (stage) => {
      const base = stage.topic();
      const mqtt = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      const ids: string[] = [];
      mqtt.onMessageAck = ({ index, direction }) => {
        if (direction !== 1) return;
        const text = mqtt.incomingMessages[index]?.subscriptionIdentifiers ?? "";
        ids.push(...text.split(",").map((each) => each.trim()));
      };
      mqtt.config("SubscriptionIdentifier=123");
      await mqtt.subscribe(`${base}/sub`, 1);
      mqtt.config("SubscriptionIdentifier=321");
      await mqtt.subscribe(`${base}/+`, 1);
      const other = await joinBroker(stage, (one) => {
        one.version = 1;
      });
      const came = event(mqtt, "messageIn");
      await other.publishMessage(`${base}/sub`, 1, "hello");
      equal(textOf((await came).message), "hello", "The message");
      // A server may send one copy with both, or two.
      await until(() => ids.length === 2);
      equal(ids.sort(), ["123", "321"], "The identifiers");
    },
  },
];
