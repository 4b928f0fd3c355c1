import { bytesOf, equal, event, ok, throwsCode, until, type Stage, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

/** MQTT, WebSocket and HTTP. */
export const checks: readonly SurfaceCheck[] = [
  {
    rows: ["error MQTT/500"],
    title: "A server that refuses the CONNECT makes connect fail with 500, and its reason",
    run: async (stage) => {
      const peer = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      mqtt.version = 1;
      const connected = event(mqtt, "connected");
      const [error] = await Promise.all([
        throwsCode(500, () => mqtt.connectTo(peer.host, peer.port)),
        peer.accept({ reasonCode: 0x87 }),
      ]);
      ok(error.message.includes("Not authorized"), `The reason is missing: ${error.message}`);
      equal((await connected).statusCode, 500, "The status of the event");
    },
  },
  {
    rows: ["error MQTT/501"],
    isAlone: true, // It keeps the process busy for a while.
    title: "With 65,535 requests under way that the server leaves unanswered, the next one fails with 501",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await peer.pause();
      mqtt.timeout = 0;
      await Promise.all(Array.from({ length: 65_535 }, () => mqtt.unsubscribe("kitchen")));
      mqtt.timeout = 60;
      await throwsCode(501, () => mqtt.subscribe("kitchen", 0));
    },
  },
  {
    rows: ["error MQTT/502"],
    title: "Publishing to a topic with a wildcard fails with 502, and nothing is sent",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await throwsCode(502, () => mqtt.publishMessage("kitchen/#", 0, "on"));
      await mqtt.publishMessage("kitchen/lamp", 0, "on");
      equal((await peer.next("publish")).topicName, "kitchen/lamp", "The first topic that is sent");
    },
  },
  {
    rows: ["error MQTT/503"],
    title: "Subscribing to a filter with a # in the middle fails with 503, and nothing is sent",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { peer: { answers: ["subscribe"] } });
      await throwsCode(503, () => mqtt.subscribe("kitchen/#/lamp", 0));
      await mqtt.subscribe("kitchen/#", 0);
      const { subscriptions } = await peer.next("subscribe");
      equal(subscriptions[0]?.topicFilter, "kitchen/#", "The first filter that is sent");
    },
  },
  {
    rows: ["error MQTT/504"],
    title: "Bytes that are no packet end the connection with 504",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const disconnected = event(mqtt, "disconnected");
      await peer.sendHex("0000");
      equal((await disconnected).statusCode, 504, "The status");
      await peer.ended();
    },
  },
  {
    rows: ["error MQTT/505"],
    title: "Publishing and subscribing with a QoS of 3 fail with 505, and nothing is sent",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await throwsCode(505, () => mqtt.publishMessage("kitchen", 3, "on"));
      await throwsCode(505, () => mqtt.subscribe("kitchen", 3));
      await mqtt.publishMessage("kitchen", 0, "on");
      equal((await peer.next()).type, "publish", "The first packet");
    },
  },
  {
    rows: ["error WebSocket/4003"],
    title: "Text in a WebSocket, where only binary data may be, ends the connection with 4003",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { peer: { transport: "ws" } });
      const disconnected = event(mqtt, "disconnected");
      await peer.sendText("hello");
      equal((await disconnected).statusCode, 4003, "The status");
      await peer.ended();
    },
  },
  {
    rows: ["error HTTP/118"],
    title: "A proxy that refuses makes connect fail with 118",
    run: async (stage) => {
      const proxy = await stage.lab.openProxy("http", { refusesWith: 403 });
      const mqtt = stage.mqtt();
      mqtt.firewallType = stage.component.FirewallTypes.fwTunnel;
      mqtt.firewallHost = proxy.host;
      mqtt.firewallPort = proxy.port;
      await throwsCode(118, () => mqtt.connectTo("broker.test", 1883));
      equal((await proxy.requests()).length, 1, "How often it was asked");
    },
  },
  {
    rows: ["error HTTP/143"],
    title: "Connecting while disconnect waits for an answer of the server fails with 143",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await mqtt.publishMessage("kitchen", 1, "on");
      await peer.next("publish");
      const ending = throwsCode(301, "HTTP", () => mqtt.disconnect());
      await throwsCode(143, () => mqtt.connect());
      mqtt.interrupt();
      await ending;
    },
  },
  {
    rows: ["error HTTP/151"],
    title: "A server that answers the request for a WebSocket with status 403 makes connect fail with 151",
    run: async (stage) => {
      if (stage.runtime !== "node") stage.absent("its WebSocket does not tell what the server has answered");
      const peer = await stage.lab.openPeer({ transport: "ws", refusesUpgrade: 403 });
      const error = await throwsCode(151, () => stage.mqtt().connectTo(peer.host, peer.port));
      ok(error.message.includes("403"), `The status is missing: ${error.message}`);
    },
  },
  {
    rows: ["error HTTP/152"],
    title: "A URL without a host makes connect fail with 152",
    run: async (stage) => {
      await throwsCode(152, () => stage.mqtt().connectTo("ws://", 1883));
    },
  },
  {
    rows: ["error HTTP/153"],
    title: "A URL with the scheme ftp makes connect fail with 153",
    run: async (stage) => {
      await throwsCode(153, () => stage.mqtt().connectTo("ftp://127.0.0.1", 1883));
    },
  },
  {
    rows: ["error HTTP/301"],
    title: "interrupt makes connect fail with 301, and the server sees the end of the connection",
    run: async (stage) => {
      const peer = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      const connecting = throwsCode(301, "HTTP", () => mqtt.connectTo(peer.host, peer.port));
      await peer.next("connect");
      mqtt.interrupt();
      await connecting;
      await peer.ended();
    },
  },
  {
    rows: ["error TCPClient/135"],
    title: "With a timeout of 0, data that cannot leave at once fail with 135, and leave later",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await peer.pause();
      mqtt.timeout = 0;
      const data = new Uint8Array(0x10_0000);
      let count = 0;
      await throwsCode(135, () =>
        publishUntilFull(stage, async () => {
          count++;
          await mqtt.publishData("kitchen", 0, data);
        }),
      );
      await peer.resume();
      await until(async () => (await peer.count()) > count * data.length);
    },
  },
  {
    rows: ["error TCP/IP/10040"],
    title: "A message that is larger than the server takes fails with 10040, and is not sent",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, connack: { properties: { maximumPacketSize: 40 } } });
      await throwsCode(10_040, () => mqtt.publishData("kitchen", 0, bytesOf("x".repeat(40))));
      await mqtt.publishMessage("kitchen", 0, "on");
      equal((await peer.next("publish")).payload, bytesOf("on"), "The first payload that is sent");
    },
  },
];

/** The systems' buffers on loopback hold a few megabytes. */
async function publishUntilFull(stage: Stage, publish: () => Promise<void>): Promise<void> {
  for (let count = 0; count < 64; count++) await publish();
  throw new Error(`64 MiB have gone to nobody in ${stage.runtime}`);
}
