import type { MQTT } from "@rivulet/component";

import { equal, event, textOf, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Witness } from "../../lab-calls.ts";
import { joinBroker } from "../joining.ts";

const connecting: readonly SurfaceCheck[] = [
  {
    rows: ["method connect_to", "property will_topic", "property will_message", "property keep_alive_interval"],
    title: "Example, connectTo with a will: mosquitto publishes it when the connection ends without a DISCONNECT",
    run: async (stage) => {
      const base = stage.topic();
      const witness = await stage.lab.openWitness();
      await witness.subscribe(`${base}/#`);
      const mqtt = stage.mqtt();
      mqtt.clientId = base.replaceAll("/", "-");
      mqtt.cleanSession = true;
      mqtt.keepAliveInterval = 30;
      mqtt.willTopic = `${base}/${mqtt.clientId}`;
      mqtt.willMessage = `${mqtt.clientId} is gone`;
      await mqtt.connectTo(stage.broker.host, stage.broker.port);
      mqtt.interrupt();
      const will = await witness.next();
      equal([will.topic, textOf(will.payload)], [mqtt.willTopic, mqtt.willMessage], "The will");
    },
  },
  {
    rows: ["method connect", "method disconnect", "property remote_host", "property remote_port"],
    title: "Example, remoteHost, remotePort and connect with a will: mosquitto discards it after disconnect",
    run: async (stage) => {
      const base = stage.topic();
      const witness = await stage.lab.openWitness();
      await witness.subscribe(`${base}/#`);
      const mqtt = stage.mqtt();
      mqtt.clientId = base.replaceAll("/", "-");
      mqtt.cleanSession = true;
      mqtt.keepAliveInterval = 30;
      mqtt.willTopic = `${base}/will`;
      mqtt.willMessage = "gone";
      mqtt.remoteHost = stage.broker.host;
      mqtt.remotePort = stage.broker.port;
      await mqtt.connect();
      await mqtt.publishMessage(`${base}/last`, 1, "good bye");
      await mqtt.disconnect();
      equal((await witness.next()).topic, `${base}/last`, "What came first");
      // Whoever comes next with that identifier shows that the connection before is over.
      const next = await joinBroker(stage, (one) => {
        one.clientId = mqtt.clientId;
      });
      await next.publishMessage(`${base}/after`, 1, "");
      equal((await witness.next()).topic, `${base}/after`, "What came then");
    },
  },
  {
    rows: ["config MQTT/ConnectProperties", "config MQTT/WillProperties"],
    title:
      "Example, properties of CONNECT and of the will as JSON: mosquitto takes them, and publishes the will with them",
    run: async (stage) => {
      const base = stage.topic();
      const witness = await stage.lab.openWitness({ protocolVersion: 5 });
      await witness.subscribe(base);
      const mqtt = stage.mqtt();
      mqtt.version = 1;
      mqtt.willTopic = base;
      mqtt.willMessage = "gone";
      const connect = {
        ClientTopicAliasMax: "15",
        MaximumPacketSize: "70000",
        ReceiveMaximum: "9",
        RequestResponseInformation: "false",
        RequestProblemInformation: "true",
        SessionExpInterval: "0",
      };
      mqtt.config(`ConnectProperties=${JSON.stringify(connect)}`);
      const will = {
        ContentType: "text/x-will",
        CorrelationData: "00c0ffee",
        MessageExpInterval: "600",
        PayloadFormatIndicator: "1",
        ResponseTopic: `${base}/answer`,
        WillDelayInterval: "0",
      };
      mqtt.config(`WillProperties=${JSON.stringify(will)}`);
      await mqtt.connectTo(stage.broker.host, stage.broker.port);
      mqtt.interrupt();
      const { contentType, correlationData, payloadFormat, responseTopic, payload } = await witness.next();
      equal(
        [contentType, correlationData, payloadFormat, responseTopic, textOf(payload)],
        ["text/x-will", Uint8Array.of(0, 0xc0, 0xff, 0xee), "utf-8", `${base}/answer`, "gone"],
        "The will",
      );
    },
  },
];

interface Left {
  readonly clientId: string;
  readonly text: string;
  /** How many messages have been published, each once. */
  readonly count: number;
}

/** Loses the connection to mosquitto amid a message at QoS 2, and saves the session. */
async function leaveAmid(stage: Stage, topic: string): Promise<Left> {
  const clientId = topic.replaceAll("/", "-");
  let mqtt: MQTT;
  let count = 0;
  do {
    // mosquitto may have acknowledged everything before the connection is lost; then it is tried again.
    mqtt = await joinBroker(stage, (one) => Object.assign(one, { clientId, cleanSession: false }));
    await mqtt.publishMessage(topic, 2, `${count}`);
    count += 1;
    mqtt.interrupt();
  } while (mqtt.outgoingMessageCount === 0);
  return { clientId, text: mqtt.saveSession(), count };
}

/** The last message is gone on with, and each has come once in the end. */
async function arrivesOnce(mqtt: MQTT, { topic, witness, count }: Pick<Left, "count"> & Watched): Promise<void> {
  equal([mqtt.outgoingMessageCount, mqtt.config("SessionPresent")], [1, "True"], "The count, and SessionPresent");
  equal((await event(mqtt, "messageOut")).topic, topic, "onMessageOut");
  equal(mqtt.outgoingMessageCount, 0, "The count afterwards");
  await mqtt.publishMessage(topic, 2, "end");
  const texts = [];
  while (texts.at(-1) !== "end") texts.push(textOf((await witness.next()).payload));
  equal(texts, [...Array.from({ length: count }, (_, at) => `${at}`), "end"], "What another client got");
}

interface Watched {
  readonly topic: string;
  readonly witness: Witness;
}

/** A topic, and another client that gets what is published there. */
async function watch(stage: Stage): Promise<Watched> {
  const topic = stage.topic();
  const witness = await stage.lab.openWitness();
  await witness.subscribe(topic);
  return { topic, witness };
}

const restoring: readonly SurfaceCheck[] = [
  {
    rows: ["method restore_session", "method save_session", "config MQTT/SessionPresent", "property clean_session"],
    title: "Example, restoreSession in onConnected where SessionPresent is True: the message at QoS 2 is completed",
    run: async (stage) => {
      const watched = await watch(stage);
      const { clientId, text, count } = await leaveAmid(stage, watched.topic);
      const mqtt = stage.mqtt();
      mqtt.cleanSession = false;
      mqtt.clientId = clientId;
      mqtt.onConnected = () => {
        if (mqtt.config("SessionPresent").toLowerCase() === "true") mqtt.restoreSession(text);
      };
      await mqtt.connectTo(stage.broker.host, stage.broker.port);
      await arrivesOnce(mqtt, { ...watched, count });
    },
  },
  {
    rows: ["method restore_session", "method save_session", "property client_id"],
    title: "Example, restoreSession before connectTo where the server is known to keep the session: it is completed",
    run: async (stage) => {
      const watched = await watch(stage);
      const { clientId, text, count } = await leaveAmid(stage, watched.topic);
      const mqtt = stage.mqtt();
      mqtt.clientId = clientId;
      mqtt.restoreSession(text);
      await mqtt.connectTo(stage.broker.host, stage.broker.port);
      await arrivesOnce(mqtt, { ...watched, count });
    },
  },
];

export const sessionExamples: readonly SurfaceCheck[] = [...connecting, ...restoring];
