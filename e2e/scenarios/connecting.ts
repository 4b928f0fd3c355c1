import type { MqttClient } from "rivulet";
import { equal, ok, rejection } from "./expect.ts";
import { take } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

export const connecting: readonly Scenario[] = [
  {
    name: "connect and disconnect",
    async run({ connect, protocolVersion }) {
      const client = await connect({ clientId: "" });
      equal(client.state, "connected", "state after connecting");
      equal(client.protocolVersion, protocolVersion, "protocol version");
      equal(client.sessionPresent, false, "session present");
      // A 5.0 server has to name a client that did not; in 3.1.1 the name stays empty.
      if (protocolVersion === 5) ok(client.clientId.length > 0, "The server assigned no client identifier");
      await client.disconnect();
      equal(client.state, "closed", "state after disconnecting");
    },
  },
  {
    name: "connect: new MqttClient, events",
    async run({ rivulet, url, protocolVersion, own }) {
      const client = own(new rivulet.MqttClient(url, { protocolVersion }));
      equal(client.state, "idle", "state before connecting");
      const seen: string[] = [];
      client.on("connected", ({ sessionPresent }) => seen.push(`connected ${sessionPresent}`));
      client.on("disconnected", ({ willReconnect }) => seen.push(`disconnected ${willReconnect}`));
      await client.connect();
      equal(seen, ["connected false"], "events after connecting");
      await client.disconnect();
      equal(seen, ["connected false", "disconnected false"], "events after disconnecting");
    },
  },
  {
    name: "connect: keep-alive",
    isPatient: true,
    async run({ connect }) {
      const client = await connect({ keepAlive: 1 });
      const answered = new Promise<void>((resolve) => {
        client.on("packet", ({ packet }) => {
          if (packet.type === "pingresp") resolve();
        });
      });
      await answered;
      equal(client.state, "connected", "state after a PINGRESP");
    },
  },
  {
    name: "connect: no server",
    async run({ rivulet, nowhereUrl, protocolVersion }) {
      const attempt = rivulet.connect(nowhereUrl, { protocolVersion });
      await rejection(attempt, rivulet.TransportError, "connecting to a closed port");
    },
  },
  {
    name: "connect: fall back from 5.0 to 3.1.1",
    async run({ connect, rivulet, oldUrl, own, topic }) {
      const client = own(await rivulet.connect(oldUrl, { protocolVersion: [5, 4] }));
      equal(client.protocolVersion, 4, "protocol version");
      const subscription = await client.subscribe(topic, { qos: 1 });
      await client.publish(topic, "through", { qos: 1 });
      const [message] = await take(subscription, 1);
      equal(message?.text(), "through", "payload");
      const other = await connect({ protocolVersion: [5, 4] });
      equal(other.protocolVersion, 5, "protocol version where 5.0 is spoken");
    },
  },
  {
    name: "close: what is called afterwards is rejected",
    async run({ connect, rivulet, topic }) {
      const client = await connect();
      client.close();
      equal(client.state, "closed", "state after closing");
      await rejection(client.publish(topic, "late", { qos: 1 }), rivulet.ClosedError, "publishing");
      await rejection(client.subscribe(topic), rivulet.ClosedError, "subscribing");
      await client.disconnect();
    },
  },
  {
    name: "connect: 20 clients side by side",
    async run({ connect, topic }) {
      // Ten at a time: Chromium keeps whoever comes after more of them waiting for seconds.
      const tenMore = (): Promise<MqttClient[]> => Promise.all(Array.from({ length: 10 }, () => connect()));
      const clients = [...(await tenMore()), ...(await tenMore())];
      const texts = await Promise.all(
        clients.map(async (client, index) => {
          const subscription = await client.subscribe(`${topic}/${index}`, { qos: 1 });
          await client.publish(`${topic}/${index}`, `to ${index}`, { qos: 1 });
          const [message] = await take(subscription, 1);
          return message?.text();
        }),
      );
      equal(
        texts,
        clients.map((_client, index) => `to ${index}`),
        "what each client got",
      );
      await Promise.all(clients.map((client) => client.disconnect()));
    },
  },
];
