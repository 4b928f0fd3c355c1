import { bytesOf, equal, event, events, ok, throwsCode, until, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

/** Together more than the buffers of both systems hold. */
const pieceBytes = 1_000_000;
const mostPieces = 64;

const sendingChecks: readonly SurfaceCheck[] = [
  {
    rows: ["method publish_data"],
    title: "publishData: PUBLISH has the topic, the QoS and just these bytes, in both versions",
    run: async (stage) => {
      for (const version of [0, 1]) {
        const { mqtt, peer } = await join(stage, { version });
        const payload = Uint8Array.of(0, 1, 0xfe, 0xff, 0x80);
        for (const [qos, head] of [
          [0, "30"],
          [1, "32"],
          [2, "34"],
        ] as const) {
          // Bytes in the middle of others: only they are sent.
          await mqtt.publishData("surface/data", qos, Uint8Array.of(9, ...payload, 9).subarray(1, -1));
          const packet = await peer.next("publish");
          equal([packet.topicName, packet.qos, packet.payload], ["surface/data", qos, payload], "What was sent");
          equal(packet.hex.slice(0, 2), head, "Its first byte");
          equal(packet.packetIdentifier === undefined, qos === 0, "Whether it has no Packet Identifier");
        }
        await mqtt.publishData("surface/data", 0, new Uint8Array(0));
        equal((await peer.next("publish")).payload.length, 0, "The length of an empty payload");
      }
    },
  },
  {
    rows: ["method publish_message"],
    title: "publishMessage: PUBLISH has the text as UTF-8",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      for (const text of ["21,5 °C", "", "日本 😀"]) {
        await mqtt.publishMessage("surface/text", 1, text);
        const packet = await peer.next("publish");
        equal([packet.topicName, packet.qos, packet.payload], ["surface/text", 1, bytesOf(text)], "What was sent");
      }
    },
  },
  {
    rows: ["method publish_message", "method publish_data", "error MQTT/502", "error MQTT/505"],
    title: "What is no topic is 502, what is no QoS is 505; the server gets neither, and then what is right",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      for (const topic of ["", "surface/#", "surface/+/x", "a\0b"]) {
        await throwsCode(502, "MQTT", () => mqtt.publishMessage(topic, 0, "text"));
      }
      for (const qos of [-1, 3, 1.5]) {
        await throwsCode(505, "MQTT", () => mqtt.publishData("surface/qos", qos, bytesOf("text")));
      }
      await mqtt.publishMessage("surface/right", 0, "text");
      equal((await peer.next()).type, "publish", "What came");
      equal(await peer.waiting(), [], "What came with it");
    },
  },
  {
    rows: ["method publish_message", "method publish_data", "error TCPClient/1117"],
    title: "Without a connection, or after it, publishing is 1117",
    run: async (stage) => {
      await throwsCode(1117, () => stage.mqtt().publishMessage("surface/none", 0, "text"));
      const { mqtt, peer } = await join(stage);
      await mqtt.disconnect();
      await throwsCode(1117, () => mqtt.publishData("surface/none", 1, bytesOf("text")));
      await peer.next("disconnect");
      equal(await peer.waiting(), [], "What came besides");
    },
  },
];

const readinessChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property ready_to_send", "event on_ready_to_send"],
    title: "readyToSend is true, and onReadyToSend fires once, when the server has accepted; false at the end",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      const order: string[] = [];
      mqtt.on("connected", () => order.push("connected"));
      mqtt.on("readyToSend", () => order.push(`readyToSend ${String(mqtt.readyToSend)}`));
      equal(mqtt.readyToSend, false, "readyToSend without a connection");
      const connecting = mqtt.connectTo(peer.host, peer.port);
      await Promise.race([peer.next("connect"), connecting]);
      equal([mqtt.readyToSend, order], [false, []], "readyToSend and events before CONNACK");
      await peer.send({ type: "connack" });
      await connecting;
      equal([mqtt.readyToSend, order], [true, ["connected", "readyToSend true"]], "readyToSend and events after it");
      await mqtt.publishMessage("surface/ready", 0, "text");
      await peer.next("publish");
      await mqtt.disconnect();
      equal([mqtt.readyToSend, order.length], [false, 2], "readyToSend, and how many events, at the end");
    },
  },
  {
    rows: ["property ready_to_send", "event on_ready_to_send", "property timeout", "error TCPClient/135"],
    title:
      "With timeout 0 and a server that takes nothing: 135; once it takes all, readyToSend, and nothing is missing",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      mqtt.timeout = 0;
      const ready = events(mqtt, "readyToSend");
      await peer.pause();
      const before = await peer.count();
      let pieces = 0;
      let code: number | undefined;
      while (code === undefined) {
        ok(pieces < mostPieces, "It never had to wait");
        pieces += 1;
        try {
          await mqtt.publishData("surface/much", 0, new Uint8Array(pieceBytes));
        } catch (error) {
          ({ code } = error as { code: number });
        }
      }
      equal([code, mqtt.readyToSend, ready.length], [135, false, 0], "The code, readyToSend, and events");
      await peer.resume();
      await until(() => ready.length > 0);
      equal(mqtt.readyToSend, true, "readyToSend afterwards");
      await until(async () => (await peer.count()) >= before + pieces * pieceBytes);
    },
  },
  {
    rows: ["property timeout", "method publish_message", "error TCPClient/135"],
    title: "With timeout 0 a message beyond the server's Receive Maximum is 135, and is sent when there is room",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, connack: { properties: { receiveMaximum: 1 } } });
      mqtt.timeout = 0;
      await mqtt.publishMessage("surface/first", 1, "text");
      const { packetIdentifier = 0 } = await peer.next("publish");
      const ready = event(mqtt, "readyToSend");
      await throwsCode(135, "TCPClient", () => mqtt.publishMessage("surface/second", 1, "text"));
      equal([mqtt.readyToSend, await peer.waiting()], [false, []], "readyToSend, and what came");
      await peer.send({ type: "puback", packetIdentifier });
      equal((await peer.next("publish")).topicName, "surface/second", "What came then");
      await ready;
      equal(mqtt.readyToSend, true, "readyToSend");
    },
  },
  {
    rows: ["property timeout", "method connect", "method subscribe"],
    title:
      "With timeout 0 connect, subscribe and unsubscribe wait for nobody; events tell when the server has answered",
    run: async ({ mqtt: newMqtt, lab }) => {
      const peer = await lab.openPeer();
      const mqtt = newMqtt();
      mqtt.timeout = 0;
      const connected = event(mqtt, "connected");
      await mqtt.connectTo(peer.host, peer.port);
      equal(mqtt.connected, false, "`connected` when connectTo is over");
      await peer.accept();
      equal((await connected).statusCode, 0, "onConnected");
      const subscribed = event(mqtt, "subscribed");
      await mqtt.subscribe("surface/none", 1);
      const { packetIdentifier } = await peer.next("subscribe");
      await peer.send({ type: "suback", packetIdentifier, reasonCodes: [1] });
      equal((await subscribed).qos, 1, "onSubscribed");
      const unsubscribed = event(mqtt, "unsubscribed");
      await mqtt.unsubscribe("surface/none");
      await peer.send({ type: "unsuback", packetIdentifier: (await peer.next("unsubscribe")).packetIdentifier });
      equal((await unsubscribed).responseCode, 0, "onUnsubscribed");
    },
  },
];

export const publishingChecks: readonly SurfaceCheck[] = [...sendingChecks, ...readinessChecks];
