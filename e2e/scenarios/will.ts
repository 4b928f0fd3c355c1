import { equal, ok } from "./expect.ts";
import { lastingSession } from "./lasting-session.ts";
import { qualities, take, takeUntil } from "./messages.ts";
import type { Scenario } from "./scenario.ts";
import { serverSeconds } from "./server-clock.ts";

export const will: readonly Scenario[] = [
  ...qualities.map((qos): Scenario => ({
    name: `will: QoS ${qos}, published after close`,
    async run({ connect, topic }) {
      const watcher = await connect();
      const subscription = await watcher.subscribe(topic, { qos });
      const client = await connect({ will: { topic, payload: "lost", qos } });
      client.close();
      const [message] = await take(subscription, 1);
      equal([message?.text(), message?.qos, message?.retain], ["lost", qos, false], "the will");
    },
  })),
  {
    name: "will: retained",
    async run({ connect, topic }) {
      const watcher = await connect();
      const live = await watcher.subscribe(topic, { qos: 1 });
      const client = await connect({ will: { topic, payload: "lost", qos: 1, retain: true } });
      client.close();
      await take(live, 1);
      const late = await connect();
      const [message] = await take(await late.subscribe(topic, { qos: 1 }), 1);
      equal([message?.text(), message?.retain], ["lost", true], "the will");
      await late.publish(topic, "", { qos: 1, retain: true });
    },
  },
  {
    name: "will: not published after disconnect",
    async run({ connect, topic }) {
      const watcher = await connect();
      const subscription = await watcher.subscribe(topic, { qos: 1 });
      const clientId = `${topic.replaceAll("/", "-")}-leaving`;
      const leaving = await connect({ clientId, will: { topic, payload: "lost", qos: 1 } });
      await leaving.disconnect();
      // The server has dealt with the old connection before it accepts the same client again.
      const again = await connect({ clientId });
      await again.publish(topic, "end", { qos: 1 });
      equal((await takeUntil(subscription, "end")).length, 0, "messages before the end");
      await again.disconnect();
    },
  },
  {
    name: "will: after its delay",
    protocolVersions: [5],
    isPatient: true,
    async run({ connect, topic }) {
      const watcher = await connect();
      const subscription = await watcher.subscribe(topic, { qos: 1 });
      const will = { topic, payload: "lost", qos: 1, delayInterval: 1 } as const;
      const client = await connect({ will, sessionExpiryInterval: 60 });
      const before = performance.now();
      client.close();
      // The server has dealt with the connection before it accepts another one; there is no Session to go on with.
      await connect();
      await watcher.publish(topic, "meanwhile", { qos: 1 });
      const messages = await take(subscription, 2);
      const passedMs = performance.now() - before;
      equal(
        messages.map((message) => message.text()),
        ["meanwhile", "lost"],
        "messages",
      );
      // The server's clock ticks in seconds: a second may be almost none.
      ok(passedMs < 5_000, `The will came after ${passedMs} ms`);
    },
  },
  {
    name: "will: not published when the client is back before its delay",
    protocolVersions: [5],
    isPatient: true,
    async run(context) {
      const { connect, faults, topic, url } = context;
      const watcher = await connect();
      const subscription = await watcher.subscribe(topic, { qos: 1 });
      const way = await faults.proxy(url);
      const will = { topic, payload: "lost", qos: 1, delayInterval: 1 } as const;
      const client = await connect({ ...lastingSession(context, "client"), will }, way.url);
      const back = client.once("connected");
      await way.cut();
      equal((await back).sessionPresent, true, "session present");
      await serverSeconds(context, 2);
      await client.publish(topic, "end", { qos: 1 });
      equal((await takeUntil(subscription, "end")).length, 0, "messages before the end");
    },
  },
];
