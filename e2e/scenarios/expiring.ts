import { end } from "./exchanges.ts";
import { equal, ok, rejection } from "./expect.ts";
import { lastingSession } from "./lasting-session.ts";
import { takeUntil } from "./messages.ts";
import type { Scenario } from "./scenario.ts";
import { serverSeconds } from "./server-clock.ts";

export const expiring: readonly Scenario[] = [
  {
    name: "message expiry: while the server waits for us",
    protocolVersions: [5],
    isPatient: true,
    timeoutMs: 60_000,
    async run(context) {
      const { connect, own, protocolVersion, rivulet, topic, url } = context;
      const before = await connect(lastingSession(context, "receiver"));
      await before.subscribe(`${topic}/news`, { qos: 1 });
      await before.disconnect();
      const sender = await connect();
      await sender.publish(`${topic}/news`, "soon stale", { qos: 1, messageExpiryInterval: 1 });
      await sender.publish(`${topic}/news`, "fresh", { qos: 1, messageExpiryInterval: 600 });
      await sender.publish(`${topic}/news`, "for ever", { qos: 1 });
      await serverSeconds(context, 2);
      await sender.publish(`${topic}/news`, end, { qos: 1 });

      const after = own(new rivulet.MqttClient(url, { protocolVersion, ...lastingSession(context, "receiver") }));
      const intervals = new Map<string, number | undefined>();
      const complete = new Promise<void>((resolve) => {
        after.on("message", ({ message }) => {
          if (message.text() === end) resolve();
          else intervals.set(message.text(), message.messageExpiryInterval);
        });
      });
      await after.connect();
      await complete;
      equal([...intervals.keys()], ["fresh", "for ever"], "what was kept");
      const left = intervals.get("fresh") ?? 0;
      ok(left > 500 && left < 600, `The interval that is left is ${left}`);
      equal(intervals.get("for ever"), undefined, "interval of a message without");
    },
  },
  {
    name: "message expiry: while we wait for the server",
    protocolVersions: [5],
    isPatient: true,
    holdsConnections: true,
    timeoutMs: 60_000,
    async run(context) {
      const { connect, faults, rivulet, topic, url } = context;
      const way = await faults.proxy(url);
      const receiver = await connect();
      const subscription = await receiver.subscribe(topic, { qos: 1 });
      const sender = await connect(lastingSession(context, "sender"), way.url);
      const lost = sender.once("disconnected");
      await way.hold();
      await way.cut();
      await lost;
      const stale = sender.publish(topic, "soon stale", { qos: 1, messageExpiryInterval: 1 });
      const fresh = sender.publish(topic, "fresh", { qos: 1, messageExpiryInterval: 600 });
      await serverSeconds(context, 2);
      await way.release();
      await rejection(stale, rivulet.TimeoutError, "publishing what has expired");
      await fresh;
      await sender.publish(topic, end, { qos: 1 });
      const messages = await takeUntil(subscription, end);
      equal(
        messages.map((message) => message.text()),
        ["fresh"],
        "what was sent",
      );
      const left = messages[0]?.messageExpiryInterval ?? 0;
      ok(left > 500 && left <= 598, `The interval that is left is ${left}`);
    },
  },
];
